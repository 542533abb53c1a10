import type { Random } from "@skein/base";
import { between, chance } from "../draw.ts";
import type { World } from "../world.ts";

/** How a line between two machines is now. */
export interface Line {
  /** Nothing goes through in this direction. */
  blocked: boolean;
  /** The share of packets that have to be sent again. */
  loss: number;
  /** Milliseconds that a packet takes. */
  latency: number;
}

/** Milliseconds until a lost packet is sent again. */
const RESEND_MS = 250;

/**
 * One direction of a TCP connection: in order, delayed by losses, held back while the line is
 * blocked. What is on its way when the connection is cut does not arrive.
 */
export class Channel<T> {
  readonly #world: World;
  readonly #random: Random;
  readonly #line: Line;
  readonly #deliver: (message: T) => void;
  /** How long the receiver is not able to read, in ms. */
  readonly #deafFor: () => number;
  readonly #held: T[] = [];
  #arrival = 0;
  #cut = false;
  /** Since when something has been held back; undefined when nothing is. */
  stalledSince: number | undefined;

  constructor(
    {
      world,
      random,
      line,
    }: { readonly world: World; readonly random: Random; readonly line: Line },
    receiver: { readonly deliver: (message: T) => void; readonly deafFor: () => number },
  ) {
    this.#world = world;
    this.#random = random;
    this.#line = line;
    this.#deliver = receiver.deliver;
    this.#deafFor = receiver.deafFor;
  }

  send(message: T): void {
    if (this.#cut) return;
    const { loss, latency } = this.#line;
    let wait = between(this.#random, latency * 0.8, latency * 1.5);
    for (; chance(this.#random, loss); wait += RESEND_MS);
    this.#arrival = Math.max(this.#arrival, this.#world.now + wait);
    this.#world.after(this.#arrival - this.#world.now, () => this.#arrive(message));
  }

  /** The line is open again. */
  resume(): void {
    if (this.#line.blocked) return;
    this.stalledSince = undefined;
    for (const message of this.#held.splice(0)) if (!this.#cut) this.#deliver(message);
  }

  /** Nothing arrives any more. */
  cut(): void {
    this.#cut = true;
    this.#held.length = 0;
    this.stalledSince = undefined;
  }

  #arrive(message: T): void {
    if (this.#cut) return;
    const deafFor = this.#deafFor();
    if (deafFor > 0) {
      this.#arrival = Math.max(this.#arrival, this.#world.now + deafFor);
      this.#world.after(deafFor, () => this.#arrive(message));
      return;
    }
    if (this.#line.blocked || this.#held.length > 0) {
      this.stalledSince ??= this.#world.now;
      this.#held.push(message);
    } else {
      this.#deliver(message);
    }
  }
}
