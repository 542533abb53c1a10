import { expect, test } from "vitest";
import { newId } from "./ids.ts";
import { seededRandom } from "./random.ts";

test("an id has 25 characters of [0-9a-z], and the same seed gives the same id", () => {
  for (let seed = 0; seed < 500; seed += 1)
    expect(newId(seededRandom(seed))).toMatch(/^[0-9a-z]{25}$/);
  expect(newId(seededRandom(7))).toBe(newId(seededRandom(7)));
});
