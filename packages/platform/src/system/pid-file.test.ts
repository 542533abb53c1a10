import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimPidFile } from "./pid-file.ts";

let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-pid-"));
  path = join(directory, "run", "skein.pid");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("holds our process id until it is released", () => {
  const lock = claimPidFile(path);
  expect(readFileSync(path, "utf8")).toBe(`${process.pid}\n`);
  expect(() => claimPidFile(path)).toThrow(
    `a daemon is already running: process ${process.pid} holds "${path}"`,
  );
  lock.release();
  lock.release();
  expect(existsSync(path)).toBe(false);
});

test("another live process keeps it; once that is killed the stale file is replaced", async () => {
  claimPidFile(path).release();
  const script = `exec 9>>"$0"; flock -n 9; echo $$ >&9; echo locked; read forever`;
  const holder = spawn("sh", ["-c", script, path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  expect(() => claimPidFile(path)).toThrow(`process ${holder.pid} holds`);
  holder.kill("SIGKILL");
  await once(holder, "close");
  expect(readFileSync(path, "utf8")).toBe(`${holder.pid}\n`);
  const lock = claimPidFile(path);
  expect(readFileSync(path, "utf8")).toBe(`${process.pid}\n`);
  lock.release();
});

test("a file without a lock is stale, whatever process id it names", () => {
  claimPidFile(path).release();
  writeFileSync(path, "1\n");
  const lock = claimPidFile(path);
  expect(readFileSync(path, "utf8")).toBe(`${process.pid}\n`);
  lock.release();
});
