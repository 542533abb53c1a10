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
  /** Grows with each leadership in the cluster. */
  readonly term: number;
  /** Aborted when the leadership is lost; commits fail from then on. */
  readonly lost: AbortSignal;
  /**
   * Whether this is the leadership still, as far as is known without asking anybody. False, by the
   * local monotonic clock, when the log was not heard of for longer than a leader may be away.
   */
  valid(): boolean;
  /**
   * Resolves when it is certain that nobody else led before the call: what the leader's memory shows then
   * is not older than anything acknowledged before. Rejects (kind `unavailable`) when another one
   * leads or nobody can be asked.
   */
  confirm(): Promise<void>;
  /** Gives the leadership up. */
  resign(): Promise<void>;
}

/** What others commit, as a follower hears of it. */
export interface LogListener {
  /** The next batch: `index` is one more than that of the last. */
  batch(batch: LogBatch): void;
  /** The batches in between are not kept any more: this is all there is now, instead of what was. */
  reset(state: LoadedState): void;
}

/** Durability, fenced by leadership. */
export interface Log {
  /** Reads everything. Rejects with a clear message when the state is corrupt or the key is wrong. */
  load(): Promise<LoadedState>;
  /**
   * Makes one batch durable; resolves only when it would survive a crash of the machine. Rejects
   * (kind `unavailable`) when the term is not the current one, and (kind `internal`) when the disk refuses.
   * After a rejection nothing of the batch is visible, and it never will be, as long as the leadership
   * is not lost. With the leadership the knowledge may be lost too: whether the batch is in is told by
   * {@link Log.watch} from the index before it.
   */
  commit(batch: LogBatch): Promise<void>;
  /**
   * Tells `listener` all that is committed after `afterIndex`, in order, each batch once, until the
   * signal is aborted. Goes on by itself when the connection breaks.
   */
  watch(afterIndex: number, listener: LogListener, signal: AbortSignal): void;
  /** Waits until this candidate is the leader. */
  campaign(candidate: string, signal: AbortSignal): Promise<Leadership>;
  /**
   * The index of the newest batch; not older than any that was acknowledged to anybody before the
   * call. Rejects (kind `unavailable`) when there is no quorum to ask.
   */
  readIndex(signal: AbortSignal): Promise<number>;
  /**
   * Tells `listener` which candidate leads, as far as is known here: now, and whenever it changes;
   * undefined while nobody does.
   */
  observeLeader(listener: (candidate: string | undefined) => void, signal: AbortSignal): void;
  close(): Promise<void>;
}
