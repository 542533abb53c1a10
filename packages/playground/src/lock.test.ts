import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { withLock } from "./lock.ts";

const dir = mkdtempSync(join(tmpdir(), "skein-lock-"));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

test("actions with the same lock never overlap, and the file is gone afterwards", async () => {
  const file = join(dir, "one.lock");
  let inside = 0;
  let most = 0;
  const results = await Promise.all(
    [1, 2, 3, 4].map((value) =>
      withLock(file, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise(setImmediate);
        inside -= 1;
        return value;
      }),
    ),
  );
  expect(results).toEqual([1, 2, 3, 4]);
  expect(most).toBe(1);
  expect(existsSync(file)).toBe(false);
});

test("a failing action gives the lock back", async () => {
  const file = join(dir, "two.lock");
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withLock(file, () => Promise.resolve("next"))).toBe("next");
});

test("a lock file that cannot be made is an error, not a wait", async () => {
  await expect(withLock(join(dir, "absent", "x.lock"), () => Promise.resolve(1))).rejects.toThrow(
    "cannot lock",
  );
});
