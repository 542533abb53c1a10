import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, OperationError } from "@skein/base";
import { lockFile } from "../shared/file-lock.ts";
import type { FileLock } from "../shared/file-lock.ts";

const FILE = "daemon.lock";

/** A directory that one daemon at a time may use. */
export interface DirectoryClaim {
  readonly path: string;
  /** What it is for, for people: `data directory`. */
  readonly purpose: string;
  /** Access rights when it is made. */
  readonly mode: number;
}

/**
 * Makes the directory when it is missing, and claims it for this process until the lock is released
 * or the process dies. Throws when it can't be made or written (kind `unavailable`), and when another
 * daemon has it (kind `conflict`): two on the same state would ruin it.
 */
export const claimDirectory = ({ path, purpose, mode }: DirectoryClaim): FileLock => {
  let result: ReturnType<typeof lockFile>;
  try {
    // Rights are only set on what we make.
    if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, mode);
    result = lockFile(join(path, FILE), `${process.pid}\n`);
  } catch (error) {
    if (error instanceof OperationError) throw error;
    throw new OperationError(
      "unavailable",
      `the ${purpose} "${path}" can't be used: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (result.kind === "locked") return result.lock;
  const holder = result.holder.trim();
  throw new OperationError(
    "conflict",
    `the ${purpose} "${path}" is in use by another daemon${holder === "" ? "" : ` (process ${holder})`}`,
  );
};
