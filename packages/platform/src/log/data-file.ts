import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { OperationError } from "@skein/base";
import { isMissing } from "../shared/atomic-file.ts";

/*
 * lmdb maps its file into memory and trusts it: a file of another kind, or one cut short, kills the
 * process with a signal that cannot be caught. So the two meta pages and the length are looked at
 * before lmdb sees the file. Offsets are those of the format that npm `lmdb` 3 writes on 64-bit
 * little-endian machines (pages begin with a header of 24 bytes).
 */
const MAGIC = 0xbeefc0de;
const FORMAT_VERSION = 2;
const MAGIC_AT = 24;
const VERSION_AT = 28;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;
/** Pages that a transaction took at the end and freed again are counted, but not written. */
const UNWRITTEN_PAGES_MAX = 64;

interface MetaPage {
  readonly pageSize: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

const readMeta = async (file: FileHandle, position: number): Promise<MetaPage | undefined> => {
  const buffer = Buffer.alloc(META_BYTES);
  const { bytesRead } = await file.read(buffer, 0, META_BYTES, position);
  if (bytesRead < META_BYTES) return undefined;
  if (buffer.readUInt32LE(MAGIC_AT) !== MAGIC) return undefined;
  if (buffer.readUInt32LE(VERSION_AT) !== FORMAT_VERSION) return undefined;
  const pageSize = buffer.readUInt32LE(PAGE_SIZE_AT);
  if (pageSize < 256 || pageSize > 65_536) return undefined;
  return {
    pageSize,
    lastPage: buffer.readBigUInt64LE(LAST_PAGE_AT),
    transaction: buffer.readBigUInt64LE(TRANSACTION_AT),
  };
};

const inspect = async (file: FileHandle): Promise<string | undefined> => {
  const { size } = await file.stat();
  if (size === 0) return undefined;
  const first = await readMeta(file, 0);
  const second = first && (await readMeta(file, first.pageSize));
  if (first === undefined || second === undefined) return "it is not a state file";
  const newest = first.transaction > second.transaction ? first : second;
  const wanted = Number(newest.lastPage + 1n) * newest.pageSize;
  if (size >= wanted) return undefined;
  if (wanted - size > UNWRITTEN_PAGES_MAX * newest.pageSize)
    return `it was cut short (${size} of ${wanted} bytes)`;
  // Nothing refers to those pages; with the length right, reading them by accident is harmless.
  await file.truncate(wanted);
  return undefined;
};

/**
 * Rejects (kind `internal`) when the state file at `path` cannot be one that lmdb left. A missing
 * file is fine: it is about to be made.
 */
export const checkDataFile = async (path: string): Promise<void> => {
  let file: FileHandle;
  try {
    file = await open(path, "r+");
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    const problem = await inspect(file);
    if (problem !== undefined)
      throw new OperationError("internal", `the state file "${path}" is corrupt: ${problem}`);
  } finally {
    await file.close();
  }
};
