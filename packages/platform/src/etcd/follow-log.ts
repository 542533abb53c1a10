import { messageOf } from "@skein/base";
import type { Logger } from "@skein/base";
import type { LogListener } from "@skein/store";
import type { EtcdClient } from "./client.ts";
import { EtcdError } from "./etcd-error.ts";
import type { Layout } from "./layout.ts";
import { pause } from "./patience.ts";
import { readState } from "./read-state.ts";
import { RevisionReader } from "./revisions.ts";
import type { WireEvent } from "./wire-types.ts";

/** A place in the log: the batch, and a revision at which it was the newest. */
export interface Place {
  readonly index: number;
  readonly revision: number;
}

/** What following needs. */
export interface FollowParts {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly logger: Logger;
  /** Told of every place that is reached. */
  readonly onPlace: (place: Place) => void;
}

const AGAIN_MS = 100;
/** How soon it is tried again after something that can't be read (damaged, another key). */
const UNREADABLE_MS = 5_000;

/** One follower: where it is, and what it is told next. */
class Following {
  readonly #parts: FollowParts;
  readonly #follower: LogListener;
  readonly #signal: AbortSignal;
  readonly #reader: RevisionReader;
  #reached: number;
  /** Undefined: the revision of what was reached is not known (any more). */
  #revision: number | undefined;

  constructor(
    parts: FollowParts,
    follower: LogListener,
    from: Partial<Place>,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#follower = follower;
    this.#signal = signal;
    this.#reader = new RevisionReader(parts.layout);
    this.#reached = from.index ?? 0;
    this.#revision = from.revision;
  }

  async run(): Promise<void> {
    while (!this.#isOver()) {
      let rest = AGAIN_MS;
      try {
        const revision = this.#revision ?? (await this.#resynchronise());
        await this.#watch(revision + 1);
      } catch (error) {
        if (this.#isOver()) return;
        if (!(error instanceof EtcdError)) {
          rest = UNREADABLE_MS;
          this.#revision = undefined;
          this.#parts.logger.error("the log can't be followed", { reason: messageOf(error) });
        }
      }
      await pause(rest, this.#signal);
    }
  }

  #isOver(): boolean {
    return this.#signal.aborted;
  }

  async #watch(revision: number): Promise<void> {
    const { client, layout, logger } = this.#parts;
    const over = new AbortController();
    let problem: Error | undefined;
    const listener = {
      events: (events: readonly WireEvent[]) => {
        if (over.signal.aborted) return;
        try {
          if (!this.#deliver(events)) over.abort();
        } catch (error) {
          problem = error instanceof Error ? error : new Error(messageOf(error));
          over.abort();
        }
      },
      progress: () => {},
    };
    const signal = AbortSignal.any([this.#signal, over.signal]);
    const end = await client.watch(layout.log, revision, listener, signal);
    if (problem !== undefined) throw problem;
    if (end.kind === "compacted") this.#revision = undefined;
    if (end.kind === "failed")
      logger.debug("the watch of the log was interrupted", { reason: messageOf(end.error) });
  }

  /** False when a batch is missing: the state must be read anew. */
  #deliver(events: readonly WireEvent[]): boolean {
    for (const { revision, batch } of this.#reader.read(events)) {
      if (this.#isOver()) return false;
      if (this.#signal.aborted) return false;
      if (batch !== undefined) {
        if (batch === "unknown" || batch.index !== this.#reached + 1) {
          this.#revision = undefined;
          return false;
        }
        this.#reached = batch.index;
        this.#follower.batch(batch);
      }
      this.#revision = revision;
      this.#parts.onPlace({ index: this.#reached, revision });
    }
    return true;
  }

  async #resynchronise(): Promise<number> {
    const { client, layout, logger } = this.#parts;
    const { revision, ...state } = await readState(client, layout, { signal: this.#signal });
    this.#signal.throwIfAborted();
    this.#reader.clear();
    if (state.index !== this.#reached) {
      logger.debug("the whole state was read anew", { from: this.#reached, to: state.index });
      this.#reached = state.index;
      this.#follower.reset(state);
    }
    this.#revision = revision;
    this.#parts.onPlace({ index: state.index, revision });
    return revision;
  }
}

/** Tells `follower` what comes after `from`, until the signal is aborted. */
export const followLog = (
  parts: FollowParts,
  follower: LogListener,
  from: Partial<Place> & { readonly index: number },
  signal: AbortSignal,
): Promise<void> => new Following(parts, follower, from, signal).run();
