import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ProcessStat } from "./process-record.ts";
import { allProcesses, parseRecord, parseStat, runningIn, treeOf } from "./process-record.ts";

const dir = mkdtempSync(join(tmpdir(), "skein-record-"));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

test("names with blanks and brackets do not confuse the reader of /proc/PID/stat", () => {
  const tail = "S 41 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 98765 1 2 3";
  expect(parseStat(`42 (a) b (c) ${tail}`)).toEqual({
    pid: 42,
    parent: 41,
    state: "S",
    startTime: "98765",
  });
  expect(parseStat("")).toBeUndefined();
  expect(parseRecord("42 98765\n")).toEqual({ pid: 42, startTime: "98765" });
  expect(parseRecord("42\n")).toBeUndefined();
});

test("a record holds for its process only, not for a later one with the same pid", () => {
  const self = allProcesses().find(({ pid }) => pid === process.pid);
  const file = join(dir, "record");
  writeFileSync(file, `${process.pid} ${self?.startTime ?? ""}\n`);
  expect(runningIn(file)?.pid).toBe(process.pid);
  writeFileSync(file, `${process.pid} 1\n`);
  expect(runningIn(file)).toBeUndefined();
  expect(runningIn(join(dir, "absent"))).toBeUndefined();
});

test("a tree holds everything below its root, parents first", () => {
  const processes = [
    [5, 4],
    [2, 1],
    [4, 2],
    [3, 2],
    [9, 1],
  ].map(([pid = 0, parent = 0]): ProcessStat => ({ pid, parent, state: "S", startTime: "1" }));
  expect(treeOf(2, processes).map(({ pid }) => pid)).toEqual([2, 4, 3, 5]);
});
