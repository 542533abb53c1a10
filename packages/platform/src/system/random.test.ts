import { expect, test } from "vitest";
import { systemRandom } from "./random.ts";

test("numbers stay in their range and spread over it", () => {
  const numbers = Array.from({ length: 2_000 }, () => systemRandom.next());
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(new Set(numbers.map((n) => Math.floor(n * 10))).size).toBe(10);
  const integers = Array.from({ length: 500 }, () => systemRandom.integer(4));
  expect(new Set(integers)).toEqual(new Set([0, 1, 2, 3]));
  expect(systemRandom.integer(1)).toBe(0);
});

test("bytes have the length asked for and differ each time", () => {
  expect(systemRandom.bytes(17)).toHaveLength(17);
  expect(systemRandom.bytes(16)).not.toEqual(systemRandom.fork("x").bytes(16));
});
