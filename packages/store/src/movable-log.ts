import { assert } from "@skein/base";
import { CatchUp } from "./catch-up.ts";
import type { Leadership, LoadedState, Log, LogBatch, LogListener } from "./ports.ts";

/** A log that begins empty and can be filled with a whole state. */
export interface EmptyLog extends Log {
  /** Takes over a state, index included. Rejects (kind `conflict`) when the log is not empty. */
  restore(state: LoadedState): Promise<void>;
}

/** A leadership that goes on when the log moves. */
interface Held {
  readonly term: number;
  readonly candidate: string;
  readonly lost: AbortController;
  inner: Leadership;
}

const nothing = (): void => {};

/**
 * A log that can move to another one while its leader goes on: nobody but those who commit during
 * the last moments notices, and they only wait. Until the move is settled the former log has all that was
 * acknowledged, and afterwards the new one has.
 */
export class MovableLog implements Log {
  #inner: Log;
  #held: Held | undefined;
  /** While a move holds the commits back. */
  #gate: Promise<void> | undefined;
  #inFlight: Promise<void> = Promise.resolve();
  /** What was committed since a move began. */
  #since: CatchUp | undefined;
  readonly #observers = new Map<
    (candidate: string | undefined) => void,
    { readonly signal: AbortSignal; inner: AbortController }
  >();

  constructor(inner: Log) {
    this.#inner = inner;
  }

  load(): Promise<LoadedState> {
    return this.#inner.load();
  }

  async commit(batch: LogBatch): Promise<void> {
    await this.#since?.turn();
    // Without a gate nothing may come between: a move waits for those that it sees in flight.
    while (this.#gate) await this.#gate;
    const done = this.#commit(batch);
    this.#inFlight = done.catch(() => {
      // whoever committed is told
    });
    return done;
  }

  watch(afterIndex: number, listener: LogListener, signal: AbortSignal): void {
    this.#inner.watch(afterIndex, listener, signal);
  }

  async campaign(candidate: string, signal: AbortSignal): Promise<Leadership> {
    const inner = await this.#inner.campaign(candidate, signal);
    const held: Held = { term: inner.term, candidate, lost: new AbortController(), inner };
    this.#held = held;
    this.#bind(held);
    return {
      term: held.term,
      lost: held.lost.signal,
      valid: () => !held.lost.signal.aborted && held.inner.valid(),
      confirm: () => held.inner.confirm(),
      resign: () => held.inner.resign(),
    };
  }

  readIndex(signal: AbortSignal): Promise<number> {
    return this.#inner.readIndex(signal);
  }

  observeLeader(listener: (candidate: string | undefined) => void, signal: AbortSignal): void {
    const observer = { signal, inner: new AbortController() };
    this.#observers.set(listener, observer);
    const end = (): void => {
      this.#observers.delete(listener);
      observer.inner.abort();
    };
    signal.addEventListener("abort", end, { once: true });
    this.#inner.observeLeader(listener, observer.inner.signal);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /**
   * Moves to `target`, as the leader. Commits go on while the state is copied, and slower while those
   * that came meanwhile are brought over; they are held back for the last moment. `settle` must make it known, for good, that the state is in `target` from now on: when it
   * or anything before it rejects, all stays as it was. The former log is closed.
   */
  async moveTo(target: EmptyLog, settle: () => Promise<void>): Promise<void> {
    const held = this.#held;
    assert(held !== undefined && held.inner.valid(), "only the leader moves the log");
    let release = nothing;
    try {
      const since = new CatchUp();
      this.#since = since;
      const state = await this.#inner.load();
      await target.restore(state);
      const leadership = await target.campaign(held.candidate, held.lost.signal);
      await since.bring(target, leadership.term, state.index);
      this.#gate = new Promise((resolve) => {
        release = resolve;
      });
      await this.#inFlight;
      await since.bring(target, leadership.term, state.index);
      await this.#compare(target, held.lost.signal);
      await settle();
      await this.#switch(target, held, leadership);
    } finally {
      this.#since = undefined;
      this.#gate = undefined;
      release();
    }
  }

  async #commit(batch: LogBatch): Promise<void> {
    const held = this.#held;
    // A term is known to the store by the number that it had when it began.
    const term = held?.term === batch.term ? held.inner.term : batch.term;
    await this.#inner.commit({ ...batch, term });
    this.#since?.add(batch);
  }

  async #compare(target: Log, signal: AbortSignal): Promise<void> {
    const [from, to] = [await this.#inner.readIndex(signal), await target.readIndex(signal)];
    assert(from === to, `the moved log ends at ${to}, the former one at ${from}`);
  }

  async #switch(target: Log, held: Held, leadership: Leadership): Promise<void> {
    const former = this.#inner;
    this.#inner = target;
    held.inner = leadership;
    this.#bind(held);
    for (const [listener, observer] of this.#observers) {
      observer.inner.abort();
      observer.inner = new AbortController();
      target.observeLeader(listener, observer.inner.signal);
    }
    await former.close();
  }

  /** The leadership is lost when the one that now stands behind it is. */
  #bind(held: Held): void {
    const { inner } = held;
    const lose = (): void => {
      if (held.inner === inner) held.lost.abort(inner.lost.reason);
    };
    if (inner.lost.aborted) lose();
    else inner.lost.addEventListener("abort", lose, { once: true });
  }
}
