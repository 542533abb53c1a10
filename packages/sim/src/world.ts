import type { Random } from "@skein/base";
import { EventHeap } from "./event-heap.ts";
import { Trace } from "./trace.ts";

/** Why a simulation ended before its time. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** Stops something that was to happen later. */
export type Cancel = () => void;

/** Lets everything that is ready to run do so: promise callbacks, then one turn of the event loop. */
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/**
 * Virtual time. Everything that takes time is an event in one heap, ordered by (time, sequence);
 * after each event all promises that it resolved run to their next wait. With one seed, everything
 * happens in the same order on every machine.
 */
export class World {
  readonly random: Random;
  readonly trace: Trace;
  readonly #heap = new EventHeap();
  #now = 0;
  #sequence = 0;
  #violation: Violation | undefined;

  /** `listener` hears each line of the trace. */
  constructor(random: Random, listener?: (line: string) => void) {
    this.random = random;
    this.trace = new Trace(listener);
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  /** How many events have happened or are planned. */
  get events(): number {
    return this.#sequence;
  }

  /** Runs `action` in `ms` virtual milliseconds. */
  after(ms: number, action: () => void): Cancel {
    this.#sequence += 1;
    let run: (() => void) | undefined = action;
    this.#heap.push({
      at: this.#now + Math.max(0, ms),
      sequence: this.#sequence,
      run: () => run?.(),
    });
    return () => {
      run = undefined;
    };
  }

  /** An invariant is broken: the simulation ends after the present event. The first one counts. */
  violated(text: string): void {
    this.trace.note(this.#now, `VIOLATION ${text}`);
    this.#violation ??= new Violation(text);
  }

  /** Lets virtual time pass. Throws the {@link Violation} that was found, if any. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#heap.peek(); next && next.at <= end; next = this.#heap.peek()) {
      this.#heap.pop();
      this.#now = next.at;
      next.run();
      await settle();
      if (this.#violation) throw this.#violation;
    }
    this.#now = end;
    if (this.#violation) throw this.#violation;
  }
}
