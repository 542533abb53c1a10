import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, statSync } from "node:fs";
import { unlinkSync, writeSync } from "node:fs";
import { OperationError, messageOf } from "@skein/base";

/** A file that no other process can lock until this one releases it or dies. */
export interface FileLock {
  /** Gives the lock up and removes the file. Harmless when repeated. */
  release(): void;
}

/** What {@link lockFile} found: the lock, or the content that the present holder wrote. */
export type LockResult =
  | { readonly kind: "locked"; readonly lock: FileLock }
  | { readonly kind: "held"; readonly holder: string };

/** Exit status of `flock --nonblock` when another process has the lock. */
const HELD = 1;

/**
 * Node has no flock(2). A flock belongs to the open file description, which a child inherits: so
 * util-linux's `flock` takes it on our descriptor and ends, and the kernel keeps the lock until
 * our process closes the descriptor or dies, by `kill -9` too.
 */
const flock = (descriptor: number): boolean => {
  const { status, error, stderr } = spawnSync("flock", ["--nonblock", "--exclusive", "3"], {
    stdio: ["ignore", "ignore", "pipe", descriptor],
    encoding: "utf8",
  });
  if (error !== undefined)
    throw new OperationError("internal", `cannot run flock (util-linux): ${messageOf(error)}`);
  if (status !== 0 && status !== HELD)
    throw new OperationError("internal", `flock failed: ${stderr.trim()}`);
  return status === 0;
};

/** False when the file was unlinked (by its last holder) after we opened it. */
const isStillThere = (descriptor: number, path: string): boolean => {
  const here = statSync(path, { throwIfNoEntry: false });
  return here !== undefined && here.ino === fstatSync(descriptor).ino;
};

/**
 * Locks the file at `path` (made when missing) and writes `content` into it, for whoever finds it
 * locked. Throws when the file cannot be opened or `flock` is not installed.
 */
export const lockFile = (path: string, content: string): LockResult => {
  for (;;) {
    // "a+" neither truncates nor fails: the content belongs to whoever holds the lock.
    const descriptor = openSync(path, "a+", 0o644);
    try {
      if (!flock(descriptor)) {
        closeSync(descriptor);
        return { kind: "held", holder: readFileSync(path, "utf8") };
      }
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    if (!isStillThere(descriptor, path)) {
      closeSync(descriptor);
      continue;
    }
    ftruncateSync(descriptor, 0);
    writeSync(descriptor, content);
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      if (isStillThere(descriptor, path)) unlinkSync(path);
      closeSync(descriptor);
    };
    return { kind: "locked", lock: { release } };
  }
};
