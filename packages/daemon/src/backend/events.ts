import type { Backend } from "@skein/api";
import type { ClusterEvent } from "@skein/manager";
import { eventsOf } from "@skein/manager";
import type { Clock } from "@skein/base";
import type { Store } from "@skein/store";
import type { EventMessage } from "@skein/wire";

/** How many cluster events are remembered for `docker events --since`. */
const REMEMBERED = 1024;

const NANOSECONDS_PER_MS = 1_000_000n;
const MS_PER_SECOND = 1000;

const nanoseconds = (event: ClusterEvent): bigint => BigInt(event.time) * NANOSECONDS_PER_MS;

const toMessage = (event: ClusterEvent): EventMessage => ({
  Type: event.type,
  Action: event.action,
  Actor: { ID: event.id, Attributes: event.attributes },
  scope: "swarm",
  time: Math.floor(event.time / MS_PER_SECOND),
  timeNano: Number(nanoseconds(event)),
});

/** Nobody waits. */
const nobody = (): void => {};

type Listener = (event: ClusterEvent) => void;

/**
 * The events of the clusters that this daemon manages while it runs: a limited memory, and everyone
 * who listens. Survives leaving one cluster and making another.
 */
export class EventHub {
  readonly #remembered: ClusterEvent[] = [];
  readonly #listeners = new Set<Listener>();

  /** Takes up what becomes durable in a store. Returns the function that ends it. */
  follow(store: Store, clock: Clock): () => void {
    return store.watch((batch) => {
      for (const event of eventsOf(batch, clock.now())) this.#publish(event);
    });
  }

  /** As {@link Backend.events} promises. */
  readonly backend: Backend["events"] = {
    subscribe: (input) => this.#subscribe(input),
  };

  #publish(event: ClusterEvent): void {
    this.#remembered.push(event);
    if (this.#remembered.length > REMEMBERED) this.#remembered.shift();
    for (const listener of this.#listeners) listener(event);
  }

  async *#subscribe(input: {
    readonly since: bigint | undefined;
    readonly follow: boolean;
    readonly signal: AbortSignal;
  }): AsyncGenerator<EventMessage> {
    const { since, follow, signal } = input;
    const queue =
      since === undefined ? [] : this.#remembered.filter((e) => nanoseconds(e) >= since);
    let wake = nobody;
    const listener: Listener = (event) => {
      queue.push(event);
      wake();
    };
    const onAbort = (): void => wake();
    if (follow) this.#listeners.add(listener);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (;;) {
        for (const event of queue.splice(0)) yield toMessage(event);
        if (queue.length > 0) continue;
        if (!follow || signal.aborted) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", onAbort);
    }
  }
}
