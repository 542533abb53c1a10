import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readManagerKey, writeManagerKey } from "./manager-key.ts";

let directory = "";
let path = "";
const key = new Uint8Array(randomBytes(32));
const unlockKey = new Uint8Array(randomBytes(32));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-key-"));
  path = join(directory, "manager.key");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a missing file is absent", async () => {
  expect(await readManagerKey(path)).toEqual({ kind: "absent" });
});

test("a plain key comes back, whatever unlock key is given; only the owner can read it", async () => {
  await writeManagerKey(path, key);
  expect(await readManagerKey(path)).toEqual({ kind: "open", key, isWrapped: false });
  expect(await readManagerKey(path, unlockKey)).toEqual({ kind: "open", key, isWrapped: false });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a wrapped key needs the unlock key it was wrapped with", async () => {
  await writeManagerKey(path, key, unlockKey);
  expect(readFileSync(path, "utf8")).not.toContain(Buffer.from(key).toString("base64"));
  expect(await readManagerKey(path)).toEqual({ kind: "locked" });
  expect(await readManagerKey(path, unlockKey)).toEqual({ kind: "open", key, isWrapped: true });
  await expect(readManagerKey(path, randomBytes(32))).rejects.toMatchObject({
    kind: "unauthorized",
    message: "swarm could not be unlocked: invalid key provided",
  });
});

test("wrapping can be turned off, on, and to another key", async () => {
  await writeManagerKey(path, key, unlockKey);
  await writeManagerKey(path, key);
  expect(await readManagerKey(path)).toMatchObject({ isWrapped: false, key });
  const other = randomBytes(32);
  await writeManagerKey(path, key, other);
  expect(await readManagerKey(path, other)).toMatchObject({ isWrapped: true, key });
});

test.each([
  "",
  "{",
  "[]",
  "null",
  '{"format":"skein-manager-key-1","wrapping":"none","key":"AA=="}',
])("a damaged file (%j) is named", async (text) => {
  writeFileSync(path, text);
  await expect(readManagerKey(path)).rejects.toMatchObject({
    kind: "internal",
    message: `the manager key file "${path}" is damaged`,
  });
});
