import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { OperationError, assert, messageOf } from "@skein/base";
import type { EmptyLog, Leadership, LoadedState, LogBatch, LogRecord } from "@skein/store";
import { Packr } from "msgpackr";
import { lockFile } from "../shared/file-lock.ts";
import type { FileLock } from "../shared/file-lock.ts";
import { openRecordDatabase } from "./record-database.ts";
import type { RecordDatabase } from "./record-database.ts";
import { keyIdentifier, newSealer } from "../shared/sealing.ts";
import type { Sealer } from "../shared/sealing.ts";

const FORMAT = "skein-state-1";
/** Plain msgpack, without msgpackr's stateful records: each value stands alone. */
const packer = new Packr({ useRecords: false, int64AsType: "number" });

/** Where the log is and with what it is sealed. */
export interface LmdbLogOptions {
  readonly directory: string;
  /** The data key of 32 bytes, see {@link readManagerKey}. */
  readonly key: Uint8Array;
}

/** What is sealed beside the records. */
interface Position {
  readonly index: number;
  readonly term: number;
}

const parsePosition = (value: unknown): Position => {
  const { index, term } = Object.fromEntries(Object.entries(value ?? {}));
  if (typeof index !== "number" || typeof term !== "number")
    throw new OperationError("internal", "the state's position is damaged");
  return { index, term };
};

const settled = (): void => {};

const lockDirectory = (directory: string): FileLock => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const result = lockFile(join(directory, "owner"), `${process.pid}\n`);
  if (result.kind === "locked") return result.lock;
  throw new OperationError(
    "conflict",
    `the state in "${directory}" is in use by process ${result.holder.trim()}`,
  );
};

class LmdbLog implements EmptyLog {
  readonly #directory: string;
  readonly #database: RecordDatabase;
  readonly #sealer: Sealer;
  readonly #lock: FileLock;
  #position: Position = { index: 0, term: 0 };
  #leader: AbortController | undefined;
  #candidate: string | undefined;
  readonly #observers = new Set<(candidate: string | undefined) => void>();
  /** Writes go one after the other: what follows a refused batch must see that it was refused. */
  #writes: Promise<void> = Promise.resolve();

  constructor(options: LmdbLogOptions, database: RecordDatabase, lock: FileLock) {
    this.#directory = options.directory;
    this.#database = database;
    this.#sealer = newSealer(options.key);
    this.#lock = lock;
  }

  /** Checks format and key, and finds the position; an empty directory becomes an empty log. */
  async start(key: Uint8Array): Promise<void> {
    try {
      await this.#check(key);
    } catch (error) {
      throw error instanceof OperationError ? error : this.#unusable(messageOf(error), error);
    }
  }

  async #check(key: Uint8Array): Promise<void> {
    const header = `${FORMAT} ${keyIdentifier(key)}`;
    const found = this.#database.meta("header")?.toString("utf8");
    if (found === undefined) {
      const meta = [{ key: "header", value: Buffer.from(header) }, this.#sealed(this.#position)];
      await this.#database.write([], meta);
      return;
    }
    if (found !== header) {
      const problem = found.startsWith(`${FORMAT} `)
        ? "it was sealed with another manager key"
        : "its format is not known to this version";
      throw this.#unusable(problem);
    }
    const sealed = this.#database.meta("position");
    if (sealed === undefined) throw this.#unusable("its position is missing");
    this.#position = parsePosition(this.#open("meta/position", sealed));
  }

  load(): Promise<LoadedState> {
    return this.#next(() => {
      const records: LogRecord[] = [];
      try {
        for (const { key, value } of this.#database.entries())
          records.push({ key, value: this.#open(`record/${key}`, value) });
      } catch (error) {
        throw error instanceof OperationError ? error : this.#unusable(messageOf(error), error);
      }
      return Promise.resolve({ index: this.#position.index, records });
    });
  }

  /** In one write: it is all there, or nothing is. */
  restore({ index, records }: LoadedState): Promise<void> {
    return this.#next(async () => {
      if (this.#position.index > 0)
        throw this.#unusable("it is not empty: nothing is restored into it");
      await this.#move({ ...this.#position, index }, records);
    });
  }

  commit(batch: LogBatch): Promise<void> {
    return this.#next(async () => {
      if (this.#leader?.signal.aborted !== false || batch.term !== this.#position.term)
        throw new OperationError("unavailable", "this manager is no longer the leader");
      assert(
        batch.index === this.#position.index + 1,
        `batch ${batch.index} after ${this.#position.index}`,
      );
      await this.#move({ index: batch.index, term: batch.term }, batch.records);
    });
  }

  watch(): void {
    // Nobody else can commit: the directory is locked.
  }

  readIndex(): Promise<number> {
    return this.#next(() => Promise.resolve(this.#position.index));
  }

  observeLeader(listener: (candidate: string | undefined) => void, signal: AbortSignal): void {
    this.#observers.add(listener);
    signal.addEventListener("abort", () => this.#observers.delete(listener), { once: true });
    listener(this.#candidate);
  }

  /** There is no other candidate outside this process: whoever campaigns, leads. */
  campaign(candidate: string, signal: AbortSignal): Promise<Leadership> {
    return this.#next(async () => {
      signal.throwIfAborted();
      await this.#move({ ...this.#position, term: this.#position.term + 1 }, []);
      this.#leader?.abort(new Error("another candidate took over"));
      const leader = new AbortController();
      this.#leader = leader;
      this.#tell(candidate);
      return {
        term: this.#position.term,
        lost: leader.signal,
        valid: () => !leader.signal.aborted,
        // Nobody else can lead: the directory is locked.
        confirm: () => Promise.resolve(),
        resign: () => {
          leader.abort(new Error("resigned"));
          if (this.#leader === leader) this.#tell(undefined);
          return Promise.resolve();
        },
      };
    });
  }

  close(): Promise<void> {
    return this.#next(async () => {
      this.#leader?.abort(new Error("the log is closed"));
      this.#leader = undefined;
      await this.#database.close();
      this.#lock.release();
    });
  }

  #tell(candidate: string | undefined): void {
    this.#candidate = candidate;
    for (const observer of this.#observers) observer(candidate);
  }

  async #move(position: Position, records: readonly LogRecord[]): Promise<void> {
    const writes = records.map(({ key, value }) => ({
      key,
      value: value === undefined ? undefined : this.#seal(`record/${key}`, value),
    }));
    await this.#database.write(writes, [this.#sealed(position)]);
    this.#position = position;
  }

  /** Runs `task` after everything that was asked for before, whether that failed or not. */
  #next<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#writes.then(task);
    this.#writes = result.then(settled, settled);
    return result;
  }

  #sealed(position: Position): { readonly key: string; readonly value: Buffer } {
    return { key: "position", value: this.#seal("meta/position", position) };
  }

  #seal(name: string, value: unknown): Buffer {
    return this.#sealer.seal(name, packer.pack(value));
  }

  #open(name: string, sealed: Buffer): unknown {
    try {
      return packer.unpack(this.#sealer.open(name, sealed));
    } catch (error) {
      throw this.#unusable(`"${name}" is damaged`, error);
    }
  }

  #unusable(problem: string, cause?: unknown): OperationError {
    const message = `the state in "${this.#directory}" cannot be used: ${problem}`;
    return new OperationError("internal", message, { cause });
  }
}

/**
 * Opens the log that one manager keeps on its own disk, or makes it. A batch is durable (fsync)
 * when its commit resolves; values are encoded as msgpack and sealed. Rejects with kind `conflict`
 * when another process has the directory open, and with `internal` when the key is not the one the
 * state was sealed with, when the state is corrupt, or when the disk refuses.
 */
export const openLmdbLog = async (options: LmdbLogOptions): Promise<EmptyLog> => {
  const lock = lockDirectory(options.directory);
  let database: RecordDatabase | undefined;
  try {
    database = await openRecordDatabase(options.directory);
    const log = new LmdbLog(options, database, lock);
    await log.start(options.key);
    return log;
  } catch (error) {
    await database?.close();
    lock.release();
    throw error;
  }
};
