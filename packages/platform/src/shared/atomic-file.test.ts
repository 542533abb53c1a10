import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperationError } from "@skein/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeUnfinishedWrites, writeFileAtomically } from "./atomic-file.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-file-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("writes and replaces a file, owner-only, and leaves nothing beside it", async () => {
  const path = join(directory, "deep", "er", "file");
  await writeFileAtomically(path, "one");
  await writeFileAtomically(path, Buffer.from("two"));
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(directory, "deep", "er"))).toEqual(["file"]);
});

test("a failed write is an operation error with the path, and leaves nothing behind", async () => {
  const path = join(directory, "taken");
  mkdirSync(join(path, "child"), { recursive: true });
  const failure = await writeFileAtomically(path, "x").catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OperationError);
  expect(failure).toMatchObject({ kind: "internal", message: expect.stringContaining(path) });
  expect(readdirSync(directory)).toEqual(["taken"]);
});

test("concurrent writers leave one whole content", async () => {
  const path = join(directory, "file");
  const contents = Array.from({ length: 10 }, (_, n) => String(n).repeat(10_000));
  await Promise.all(contents.map((content) => writeFileAtomically(path, content)));
  expect(contents).toContain(readFileSync(path, "utf8"));
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("what an interrupted write left is removed, and nothing else", async () => {
  for (const name of [".0123456789ab.tmp", "file", "file.tmp", ".hidden"])
    writeFileSync(join(directory, name), "x");
  await removeUnfinishedWrites(directory);
  expect(readdirSync(directory).toSorted()).toEqual([".hidden", "file", "file.tmp"]);
  await removeUnfinishedWrites(join(directory, "missing"));
});
