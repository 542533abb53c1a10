import type { Clock, Logger, Random } from "@skein/base";
import { messageOf } from "@skein/base";
import type { Leadership, Store } from "@skein/store";
import type { AddressAllocator } from "./allocator/addresses.ts";
import { Dispatcher } from "./dispatcher/dispatcher.ts";
import { applyAttachments } from "./networks/attachments.ts";
import { LogBroker } from "./log-broker/broker.ts";
import { Pipeline } from "./pipeline.ts";

export interface LeaderDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Kept from term to term, so that addresses rest before their next use. */
  readonly allocator: AddressAllocator;
  /** How long one key of encrypted networks is used, in ms; 12 hours unless given. */
  readonly networkKeyPeriodMs?: number;
}

interface Wake {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cancel: AbortController;
}

/** How soon the pipeline runs again after it failed as a whole, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Everything that only the leader runs, for one term: the pipeline on the store, its wake-ups, the
 * sessions and the logs. A new term makes a new one.
 */
export class Leader {
  readonly dispatcher: Dispatcher;
  readonly logs: LogBroker;
  readonly #deps: LeaderDependencies;
  readonly #stop = new AbortController();
  #wake: Wake | undefined;

  constructor(dependencies: LeaderDependencies) {
    this.#deps = dependencies;
    this.dispatcher = new Dispatcher({
      ...dependencies,
      attach: (tx, request) => applyAttachments(tx, request, dependencies.allocator),
    });
    this.logs = new LogBroker(dependencies, this.dispatcher);
  }

  /** Takes the lead after `formerLeader`, if it was another. Ends by itself when the leadership is lost. */
  start(leadership: Leadership, formerLeader?: string): void {
    const { store, random, logger, allocator, networkKeyPeriodMs } = this.#deps;
    const pipeline = new Pipeline({
      random,
      logger,
      onWakeAt: (time) => this.#wakeAt(time),
      allocator,
      ...(networkKeyPeriodMs === undefined ? {} : { networkKeyPeriodMs }),
    });
    store.lead(leadership, {
      plan: (tx, changes) => pipeline.plan(tx, changes),
      reset: () => {
        pipeline.reset();
        // A batch was taken back, perhaps with what the loops had done: they look again by themselves.
        this.#wakeAt(this.#deps.clock.now() + RETRY_MS);
      },
      failed: (error) => {
        logger.error("control loops failed", { error: messageOf(error) });
        this.#wakeAt(this.#deps.clock.now() + RETRY_MS);
      },
    });
    this.dispatcher.start(this.#stop.signal, formerLeader);
    leadership.lost.addEventListener("abort", () => this.stop(), { once: true });
  }

  /** Stops all loops and sessions. The store keeps what is durable. */
  stop(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error("the leader stops"));
    this.#wake?.cancel.abort(new Error("the leader stops"));
    this.logs.stop();
    this.dispatcher.stop();
  }

  /** Runs the pipeline at `time` (ms since the epoch) unless it is to run before anyway. */
  #wakeAt(time: number): void {
    if (this.#stop.signal.aborted) return;
    if (this.#wake && this.#wake.at <= time) return;
    this.#wake?.cancel.abort(new Error("an earlier wake-up"));
    const wake = { at: time, cancel: new AbortController() };
    this.#wake = wake;
    void this.#sleepUntil(wake);
  }

  async #sleepUntil(wake: Wake): Promise<void> {
    const { clock, store } = this.#deps;
    try {
      await clock.sleep(Math.max(0, wake.at - clock.now()), wake.cancel.signal);
    } catch {
      return; // cancelled: another wake-up took its place, or the leader stops
    }
    if (this.#wake === wake) this.#wake = undefined;
    store.wake();
  }
}
