import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { OperationError, messageOf } from "@skein/base";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { checkDataFile } from "./data-file.ts";

/** lmdb shortens "no space" to "input/output error", so a failure with less than this left is it. */
const FULL_DISK_BYTES = 1_048_576;

/** One write: without a value the key is removed. */
interface Write {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** Named binary values on disk, written in atomic and durable groups. */
export interface RecordDatabase {
  entries(): Iterable<{ readonly key: string; readonly value: Buffer }>;
  meta(key: string): Buffer | undefined;
  /** Resolves when all is on the disk; rejects (kind `internal`) when nothing of it is. */
  write(records: readonly Write[], meta: readonly Write[]): Promise<void>;
  close(): Promise<void>;
}

const reasonOf = async (directory: string, error: unknown): Promise<string> => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize < FULL_DISK_BYTES ? "the disk is full" : messageOf(error);
};

/** lmdb rejects a second promise with the details; unhandled, it would end the process. */
const commitErrorOf = async (error: unknown): Promise<unknown> => {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (details) {
    return details;
  }
};

const apply = (
  database: Database<Buffer, string>,
  writes: readonly Write[],
): readonly Promise<boolean>[] =>
  writes.map(({ key, value }) =>
    value === undefined ? database.remove(key) : database.put(key, value),
  );

interface Databases {
  readonly environment: RootDatabase<Buffer, string>;
  readonly records: Database<Buffer, string>;
  readonly meta: Database<Buffer, string>;
}

const openDatabases = async (directory: string): Promise<Databases> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await checkDataFile(join(directory, "data.mdb"));
  let environment: RootDatabase<Buffer, string> | undefined;
  try {
    // Without overlapping sync a write resolves after fdatasync: durable, not only visible.
    // With event turn batching a failed commit also rejects a promise that nobody can reach.
    const durability = { overlappingSync: false, eventTurnBatching: false };
    environment = open({ path: directory, encoding: "binary", maxDbs: 2, ...durability });
    const records = environment.openDB<Buffer, string>({ name: "records", encoding: "binary" });
    const meta = environment.openDB<Buffer, string>({ name: "meta", encoding: "binary" });
    return { environment, records, meta };
  } catch (error) {
    await environment?.close();
    const reason = await reasonOf(directory, error);
    throw new OperationError("internal", `cannot open the state in "${directory}": ${reason}`, {
      cause: error,
    });
  }
};

/** Opens, or makes, the database in `directory`. The caller sees to it that nobody else does. */
export const openRecordDatabase = async (directory: string): Promise<RecordDatabase> => {
  const { environment, records, meta } = await openDatabases(directory);
  return {
    entries: () => records.getRange(),
    meta: (key) => meta.get(key),
    write: async (recordWrites, metaWrites) => {
      try {
        const writing: Promise<boolean>[] = [];
        const batch = environment.batch(() => {
          writing.push(...apply(records, recordWrites), ...apply(meta, metaWrites));
        });
        // When the commit fails all of these reject; each must be heard.
        await Promise.all([batch, ...new Set(writing)]);
      } catch (error) {
        const details = await commitErrorOf(error);
        const reason = await reasonOf(directory, details);
        throw new OperationError(
          "internal",
          `cannot write the state in "${directory}": ${reason}`,
          {
            cause: details,
          },
        );
      }
    },
    close: () => environment.close(),
  };
};
