import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TaskFiles } from "./files.ts";

let root = "";
beforeEach(async () => {
  // On Linux this is in memory, so that nothing has to be mounted.
  root = join(await mkdtemp("/dev/shm/skein-files-"), "files");
});
afterEach(() => rm(join(root, ".."), { recursive: true }));

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const file = (target: string, text: string): Parameters<TaskFiles["write"]>[1][number] => ({
  target,
  uid,
  gid,
  mode: 0o440,
  data: new TextEncoder().encode(text),
});

test("files have their content, mode and place, and only the owner looks into the directory", async () => {
  const files = new TaskFiles(root);
  const written = await files.write("t1", [file("/a", "one"), file("/b", "two")]);
  expect(written.map(({ target }) => target)).toEqual(["/a", "/b"]);
  expect(await readFile(written[1]?.path ?? "", "utf8")).toBe("two");
  expect((await stat(written[0]?.path ?? "")).mode & 0o777).toBe(0o440);
  expect((await stat(root)).mode & 0o777).toBe(0o700);
});

test("writing again replaces the content in place", async () => {
  const files = new TaskFiles(root);
  const [before] = await files.write("t1", [file("/a", "one")]);
  const { ino } = await stat(before?.path ?? "");
  const [after] = await files.write("t1", [file("/a", "changed")]);
  expect(after).toEqual(before);
  expect((await stat(after?.path ?? "")).ino).toBe(ino);
  expect(await readFile(after?.path ?? "", "utf8")).toBe("changed");
});

test("a task's files are listed and removed; without files nothing is made", async () => {
  const files = new TaskFiles(root);
  expect(await files.write("none", [])).toEqual([]);
  expect(await files.list()).toEqual([]);
  await files.write("t1", [file("/a", "one")]);
  await files.write("t2", [file("/a", "one")]);
  await files.remove("t1");
  await files.remove("gone");
  expect(await files.list()).toEqual(["t2"]);
});
