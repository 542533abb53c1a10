import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { OperationError } from "@skein/base";
import { lockFile } from "../shared/file-lock.ts";
import type { FileLock } from "../shared/file-lock.ts";

/**
 * Writes this process's id into the file at `path` and holds its lock. A file that a dead daemon
 * left is replaced. Throws (kind `conflict`) when the daemon that wrote it is still running.
 */
export const claimPidFile = (path: string): FileLock => {
  mkdirSync(dirname(path), { recursive: true });
  const result = lockFile(path, `${process.pid}\n`);
  if (result.kind === "locked") return result.lock;
  const holder = result.holder.trim();
  throw new OperationError(
    "conflict",
    `a daemon is already running: process ${holder === "" ? "unknown" : holder} holds "${path}"`,
  );
};
