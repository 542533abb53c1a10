import { seededRandom } from "@skein/base";
import { expect, test } from "vitest";
import { formatUnlockKey, newUnlockKey, parseUnlockKey } from "./unlock-key.ts";

test("an unlock key has Docker's form and comes back", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const key = newUnlockKey(seededRandom(seed));
    const text = formatUnlockKey(key);
    expect(text).toMatch(/^SWMKEY-1-[A-Za-z0-9+/]{43}$/);
    expect(parseUnlockKey(` ${text}\n`)).toEqual(key);
  }
});

test.each(["", "SWMKEY-1-", "SWMKEY-2-abc", "SWMTKN-1-x", `SWMKEY-1-${"a".repeat(42)}`])(
  "refuses %j",
  (text) => {
    expect(() => parseUnlockKey(text)).toThrow(
      expect.objectContaining({ kind: "invalid-parameter", message: "invalid key string" }),
    );
  },
);
