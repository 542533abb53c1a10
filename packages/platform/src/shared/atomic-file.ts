import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OperationError, messageOf } from "@skein/base";

/** Readable by the owner only: what we write may hold keys. */
const OWNER_ONLY = 0o600;

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

/** True when the error is the file system's "no such file". */
export const isMissing = (error: unknown): boolean => isCode(error, "ENOENT");

const syncAndClose = async (file: FileHandle, write: () => Promise<void>): Promise<void> => {
  try {
    await write();
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Makes the names in a directory durable: without it a rename can be lost with the power. */
const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, "r");
  await syncAndClose(handle, () => Promise.resolve());
};

/** The names of files that are being written. */
const TEMPORARY = /^\.[0-9a-f]{12}\.tmp$/;

/**
 * Removes what writes that a crash interrupted left in a directory: it may hold keys. Nobody may be
 * writing there.
 */
export const removeUnfinishedWrites = async (directory: string): Promise<void> => {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const name of names)
    if (TEMPORARY.test(name)) await rm(join(directory, name), { force: true });
};

/**
 * Replaces the file at `path` by `content`: after a crash at any moment it holds the old content
 * or the new one, whole. The directory is made (mode 0700) when it is not there.
 * Rejects (kind `internal`) when the disk refuses; the old content then stays.
 */
export const writeFileAtomically = async (
  path: string,
  content: string | Uint8Array,
  mode: number = OWNER_ONLY,
): Promise<void> => {
  const directory = dirname(path);
  const temporary = join(directory, `.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = await open(temporary, "wx", mode);
    await syncAndClose(file, () => file.writeFile(content));
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {
      // The first failure is the one to report; a leftover temporary file harms nobody.
    });
    const reason = isCode(error, "ENOSPC") ? "the disk is full" : messageOf(error);
    throw new OperationError("internal", `cannot write "${path}": ${reason}`, { cause: error });
  }
};
