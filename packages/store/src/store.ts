import type { Clock } from "@skein/base";
import { assert, messageOf, OperationError } from "@skein/base";
import type { Leadership, LoadedState, Log, LogBatch } from "./ports.ts";
import type { Change, TableName, View } from "./tables.ts";
import { tableNames, Tables } from "./tables.ts";
import type { Transaction } from "./transaction.ts";
import { Changes } from "./transaction.ts";

/** A batch that is durable, in the order of `index`. */
export interface CommittedBatch {
  readonly index: number;
  readonly changes: readonly Change[];
}

/**
 * The leader's control loops, as the store sees them: called once per batch, before it becomes
 * durable, with everything that changed since the last call. What it edits joins the same batch.
 */
export interface Planner {
  plan(tx: Transaction, changes: readonly Change[]): void;
  /** The state went back because a batch could not be made durable: forget everything derived. */
  reset(): void;
  /** {@link Planner.plan} threw; its edits were taken back and the batch goes on without them. */
  failed(error: unknown): void;
}

/** Gives an object that was read, as earlier builds may have written it, the present form. */
export type AdaptRecord = (table: TableName, value: unknown) => unknown;

const asItIs: AdaptRecord = (_table, value) => value;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Batch {
  readonly changes: Changes;
  readonly waiters: Waiter[];
}

type CommitListener = (batch: CommittedBatch) => void;

/**
 * The cluster's state in memory on top of a {@link Log}.
 *
 * Invariants:
 * - Transactions run at once, on the newest state; their promise settles when their batch is durable.
 * - While one batch is being made durable, further transactions pile up in the next one.
 * - Watchers see durable batches only, in order, each once.
 * - When a batch fails, it and everything built on it are taken back, and every waiter is told.
 */
export class Store {
  readonly #tables = new Tables();
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #listeners = new Set<CommitListener>();
  #leadership: Leadership | undefined;
  #planner: Planner | undefined;
  #durable = 0;
  #open: Batch | undefined;
  #inFlight: Batch | undefined;
  #scheduled = false;
  /** Those who wait until an index is durable here. */
  readonly #awaiting = new Set<{ readonly index: number; readonly resolve: () => void }>();

  readonly #adapt: AdaptRecord;

  private constructor(log: Log, clock: Clock, adapt: AdaptRecord) {
    this.#adapt = adapt;
    this.#log = log;
    this.#clock = clock;
  }

  /** Loads everything from the log. Rejects as {@link Log.load} does. */
  static async open(log: Log, clock: Clock, adapt: AdaptRecord = asItIs): Promise<Store> {
    const store = new Store(log, clock, adapt);
    const state = await log.load();
    for (const { key, value } of state.records) store.#apply(key, value);
    store.#durable = state.index;
    return store;
  }

  /** The newest state. Answers that leave the process wait for {@link Store.barrier} first. */
  get view(): View {
    return this.#tables;
  }

  /** The newest durable index. */
  get durableIndex(): number {
    return this.#durable;
  }

  /**
   * The index of the newest batch that nothing is added to any more: {@link Store.view} shows all of
   * it, durable or not. It may show the beginning of the next one too.
   */
  get closedIndex(): number {
    return this.#inFlight?.changes.index ?? this.#durable;
  }

  /** Whether transactions are accepted here. */
  get leading(): boolean {
    return this.#leadership?.valid() ?? false;
  }

  /** Begins to accept transactions; `planner` runs in each batch, first in one of its own. */
  lead(leadership: Leadership, planner: Planner): void {
    assert(this.#open === undefined && this.#inFlight === undefined, "lead() with open batches");
    this.#leadership = leadership;
    this.#planner = planner;
    planner.reset();
    leadership.lost.addEventListener("abort", () => this.#abandon("leadership lost"), {
      once: true,
    });
    this.wake();
  }

  /** Follows the batches of other managers until the signal is aborted. */
  follow(signal: AbortSignal): void {
    const listener = {
      batch: (batch: LogBatch): void => this.#followed(batch),
      reset: (state: LoadedState): void => this.#replaced(state),
    };
    this.#log.watch(this.#durable, listener, signal);
  }

  /**
   * Resolves when {@link Store.view} shows all that was acknowledged to anybody before the call: for
   * the leader when it is certain that it leads, for followers when they have caught up. Rejects (kind `unavailable`) when
   * there is no quorum to ask, and with the signal's reason.
   */
  async fresh(signal: AbortSignal): Promise<void> {
    if (await this.#confirmed()) return;
    await this.reached(await this.#log.readIndex(signal), signal);
  }

  /** Whether this store leads for certain. One that was deposed without knowing learns it, and follows. */
  async #confirmed(): Promise<boolean> {
    const leadership = this.#leadership;
    if (!leadership?.valid()) return false;
    try {
      await leadership.confirm();
      return true;
    } catch (error) {
      if (leadership.valid()) throw error;
      return false;
    }
  }

  /** Resolves when the batch `index` is durable and in the view. */
  reached(index: number, signal: AbortSignal): Promise<void> {
    if (this.#durable >= index) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = {
        index,
        resolve: (): void => {
          signal.removeEventListener("abort", stop);
          resolve();
        },
      };
      const stop = (): void => {
        this.#awaiting.delete(waiter);
        reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      if (signal.aborted) return stop();
      this.#awaiting.add(waiter);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /**
   * Runs `edit` now; resolves with its result when what it saw and did is durable.
   * An exception in `edit` takes its edits back, and rejects with it when what `edit` saw is durable.
   * Rejects with kind
   * `unavailable` when this store does not lead, or stops leading before the batch is durable.
   */
  transact<T>(edit: (tx: Transaction) => T): Promise<T> {
    if (!this.leading)
      return Promise.reject(new OperationError("unavailable", "this manager is not the leader"));
    const batch = this.#openBatch();
    const { mark } = batch.changes;
    let result: T;
    try {
      result = edit(batch.changes.begin(this.#clock.now()));
    } catch (error) {
      batch.changes.undo(mark);
      this.#schedule();
      const refusal = error instanceof Error ? error : new Error(messageOf(error));
      // What it saw may be taken back yet: then nobody must have been refused for it.
      const seen = mark > 0 ? batch : this.#inFlight;
      if (!seen) return Promise.reject(refusal);
      return this.#settled(seen).then(() => Promise.reject(refusal));
    }
    return this.#settled(batch).then(() => result);
  }

  /** Resolves when all that {@link Store.view} shows now is durable. */
  barrier(): Promise<void> {
    if (this.#open) return this.#settled(this.#open);
    return this.#inFlight ? this.#settled(this.#inFlight) : Promise.resolve();
  }

  /** Runs the planner soon although nothing was changed: its time has come. */
  wake(): void {
    if (!this.leading) return;
    this.#openBatch();
    this.#schedule();
  }

  /** Calls `listener` with each durable batch. Returns the function that ends it. */
  watch(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #settled(batch: Batch): Promise<void> {
    this.#schedule();
    return new Promise((resolve, reject) => {
      batch.waiters.push({ resolve, reject });
    });
  }

  #openBatch(): Batch {
    const index = this.#durable + (this.#inFlight ? 2 : 1);
    this.#open ??= { changes: new Changes(this.#tables, index), waiters: [] };
    return this.#open;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight) return;
    this.#scheduled = true;
    void Promise.resolve().then(() => {
      this.#scheduled = false;
      return this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#open;
    const leadership = this.#leadership;
    if (!batch || this.#inFlight || !leadership) return;
    this.#plan(batch);
    const changes = batch.changes.since(0);
    this.#open = undefined;
    if (changes.length === 0) {
      for (const { resolve } of batch.waiters) resolve();
      return;
    }
    this.#inFlight = batch;
    try {
      await this.#log.commit(toLogBatch(batch.changes.index, leadership.term, changes));
    } catch (error) {
      this.#failed(batch, error instanceof Error ? error : new Error(messageOf(error)));
      return;
    }
    if (this.#inFlight !== batch) return; // abandoned meanwhile
    this.#inFlight = undefined;
    this.#durable = batch.changes.index;
    this.#publish({ index: batch.changes.index, changes });
    for (const { resolve } of batch.waiters) resolve();
    this.#schedule();
  }

  #plan(batch: Batch): void {
    const { changes } = batch;
    const tx = changes.begin(this.#clock.now());
    try {
      tx.attempt(() => this.#planner?.plan(tx, changes.since(0)));
    } catch (error) {
      this.#planner?.reset();
      this.#planner?.failed(error);
    }
  }

  #failed(batch: Batch, error: Error): void {
    if (this.#inFlight !== batch) return;
    this.#takeBack(error);
  }

  #abandon(reason: string): void {
    this.#takeBack(new OperationError("unavailable", reason));
    this.#leadership = undefined;
    this.#planner = undefined;
  }

  #takeBack(error: Error): void {
    const batches = [this.#open, this.#inFlight].filter((batch) => batch !== undefined);
    this.#open = undefined;
    this.#inFlight = undefined;
    for (const { changes } of batches) changes.undo(0); // newest batch first
    this.#planner?.reset();
    for (const { waiters } of batches) for (const { reject } of waiters) reject(error);
  }

  #followed(batch: LogBatch): void {
    const changes = batch.records.flatMap(({ key, value }) => this.#apply(key, value));
    this.#durable = batch.index;
    this.#publish({ index: batch.index, changes });
  }

  /** The state that replaces everything; what is the same is no change. */
  #replaced(state: LoadedState): void {
    const present = new Set(state.records.map(({ key }) => key));
    const gone = tableNames.flatMap((table) =>
      [...this.#tables.all(table).keys()]
        .map((id) => logKey(table, id))
        .filter((key) => !present.has(key)),
    );
    const changes = [
      ...gone.flatMap((key) => this.#apply(key, undefined)),
      ...state.records.flatMap(({ key, value }) => this.#apply(key, value)),
    ].filter(({ before, after }) => before?.version !== after?.version);
    this.#durable = state.index;
    this.#publish({ index: state.index, changes });
  }

  #apply(key: string, value: unknown): readonly Change[] {
    const slash = key.indexOf("/");
    const table = tableNames.find((name) => name === key.slice(0, slash));
    if (table === undefined) return []; // written by a newer version: kept in the log, not read here
    const id = key.slice(slash + 1);
    const after = value === undefined ? undefined : this.#adapt(table, value);
    const before = this.#tables.set(table, id, after as never);
    return before === undefined && after === undefined
      ? []
      : [{ table, id, before, after } as Change];
  }

  #publish(batch: CommittedBatch): void {
    for (const listener of this.#listeners) listener(batch);
    for (const waiter of this.#awaiting)
      if (waiter.index <= batch.index) {
        this.#awaiting.delete(waiter);
        waiter.resolve();
      }
  }
}

const toLogBatch = (index: number, term: number, changes: readonly Change[]): LogBatch => ({
  index,
  term,
  records: changes.map(({ table, id, after }) => ({ key: logKey(table, id), value: after })),
});

const logKey = (table: TableName, id: string): string => `${table}/${id}`;
