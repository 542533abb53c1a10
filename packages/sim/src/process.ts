import type { Clock, Fields, Logger } from "@skein/base";
import type { Cancel, World } from "./world.ts";

/** The wall clock at virtual time 0: 2025-01-01. */
const EPOCH = Date.UTC(2025, 0, 1);

/**
 * One run of a program. When it is killed nothing of it happens any more: its timers do not fire,
 * and what it waits for never comes. What it has given to others (its disk, its engine) stays.
 */
export class Process {
  readonly world: World;
  readonly name: string;
  /** How far this machine's wall clock is off, in milliseconds. May jump. */
  skew: number;
  readonly clock: Clock;
  readonly logger: Logger;
  #alive = true;
  #frozenUntil = 0;
  readonly #ends: (() => void)[] = [];

  constructor(world: World, name: string, skew: number) {
    this.world = world;
    this.name = name;
    this.skew = skew;
    const started = world.now;
    this.clock = {
      now: () => EPOCH + Math.round(world.now + this.skew),
      monotonic: () => world.now - started,
      sleep: (ms, signal) => this.sleep(ms, signal),
    };
    this.logger = loggerOf(this, {});
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Calls `action` when the process is killed. */
  onEnd(action: () => void): void {
    this.#ends.push(action);
  }

  /** Ends the process between two of its steps. */
  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const action of this.#ends) action();
  }

  /** The machine does not let the process run for a while: what was to happen comes late. */
  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.world.now + ms);
  }

  /** Milliseconds until the process may run. */
  get frozenFor(): number {
    return Math.max(0, this.#frozenUntil - this.world.now);
  }

  /** Runs `action` later, unless the process is dead by then. */
  after(ms: number, action: () => void): Cancel {
    let cancel = this.world.after(ms, () => {
      if (!this.#alive) return;
      if (this.frozenFor === 0) action();
      else cancel = this.after(this.frozenFor, action);
    });
    return () => cancel();
  }

  /** As {@link Clock.sleep}. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** What `promise` brings, unless the process is dead by then. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const settled = (settle: () => void): void => {
        if (this.#alive) settle();
      };
      promise
        .then((value) => settled(() => resolve(value)))
        .catch((error: Error) => settled(() => reject(error)));
    });
  }
}

/** Warnings and errors go to the trace: they are part of what happened. */
const loggerOf = (process: Process, bound: Fields): Logger => {
  const { world, name } = process;
  const line = (level: string, message: string, fields: Fields = {}): void => {
    const facts = Object.entries({ ...bound, ...fields }).map(
      ([key, value]) => `${key}=${String(value)}`,
    );
    world.trace.note(world.now, [name, level, message, ...facts].join(" "));
  };
  return {
    error: (message, fields) => {
      line("error", message, fields);
      const { error: cause } = fields ?? {};
      const error = typeof cause === "string" ? cause : "";
      if (message.includes("control") || error.startsWith("bug:"))
        world.violated(`${name}: ${message}: ${error}`);
    },
    warn: (message, fields) => line("warn", message, fields),
    info: () => {},
    debug: () => {},
    child: (fields) => loggerOf(process, { ...bound, ...fields }),
  };
};
