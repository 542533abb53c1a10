/**
 * The one seam between the store and durability. Implementations: `memory` (tests, simulation),
 * `lmdb` (one manager), `etcd` (quorum). Values are plain data; sealing and encoding are the
 * implementation's business.
 */

/** One object: the key is `<table>/<id>`. `value` undefined means that the object is gone. */
export interface LogRecord {
  readonly key: string;
  readonly value: unknown;
}

/** What becomes durable together, or not at all. */
export interface LogBatch {
  /** Grows by one with each batch; becomes `Version.Index` of every object in the batch. */
  readonly index: number;
  /** The leadership term under which the batch was made. */
  readonly term: number;
  readonly records: readonly LogRecord[];
}

/** Everything that is durable: the newest index and each living object's record. */
export interface LoadedState {
  readonly index: number;
  readonly records: readonly LogRecord[];
}

/** The right to commit, until it is lost. */
export interface Leadership {
  readonly term: number;
  /** Aborted when the leadership is lost; commits fail from then on. */
  readonly lost: AbortSignal;
  /** Gives the leadership up. */
  resign(): Promise<void>;
}

/** Durability, fenced by leadership. */
export interface Log {
  /** Reads everything. Rejects with a clear message when the state is corrupt or the key is wrong. */
  load(): Promise<LoadedState>;
  /**
   * Makes one batch durable; resolves only when it would survive a crash of the machine. Rejects
   * (kind `unavailable`) when the term is not the current one, and (kind `internal`) when the disk refuses.
   * After a rejection nothing of the batch is visible.
   */
  commit(batch: LogBatch): Promise<void>;
  /** Calls `listener` with each batch that another manager commits after `afterIndex`, in order. */
  watch(afterIndex: number, listener: (batch: LogBatch) => void, signal: AbortSignal): void;
  /** Waits until this candidate is the leader. */
  campaign(candidate: string, signal: AbortSignal): Promise<Leadership>;
  close(): Promise<void>;
}
