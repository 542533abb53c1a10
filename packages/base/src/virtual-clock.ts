import type { Clock } from "./clock.ts";

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Turns of the microtask queue that settle what one wake-up set off. */
const SETTLE_TURNS = 50;

/** A clock that stands still until it is told to move: for tests. */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`, waking sleepers in order and letting what they do settle in between. */
  advance(ms: number): Promise<void>;
  /** As if the whole process stood still for `ms`: nobody wakes meanwhile, all who are late after. */
  stall(ms: number): Promise<void>;
  /** Lets promises settle without moving the time. */
  settle(): Promise<void>;
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await Promise.resolve();
};

/** A {@link VirtualClock} that starts at `start` milliseconds since the epoch. */
export const newVirtualClock = (start = 1_000_000): VirtualClock => {
  let now = start;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  const next = (until: number): Sleeper | undefined =>
    [...sleepers]
      .filter(({ at }) => at <= until)
      .toSorted((a, b) => a.at - b.at || a.order - b.order)[0];

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(reasonOf(signal));
        return;
      }
      order += 1;
      const stop = (): void => {
        sleepers.delete(sleeper);
        if (signal) reject(reasonOf(signal));
      };
      const wake = (): void => {
        sleepers.delete(sleeper);
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const sleeper: Sleeper = { at: now + Math.max(0, ms), order, wake };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", stop, { once: true });
    });

  const wakeUntil = async (until: number, arrive: (at: number) => void): Promise<void> => {
    for (let sleeper = next(until); sleeper; sleeper = next(until)) {
      arrive(sleeper.at);
      sleeper.wake();
      await settle();
    }
  };

  const advance = async (ms: number): Promise<void> => {
    const until = now + ms;
    await settle();
    await wakeUntil(until, (at) => {
      now = at;
    });
    now = until;
    await settle();
  };

  const stall = async (ms: number): Promise<void> => {
    await settle();
    now += ms;
    await wakeUntil(now, () => {});
  };

  return { now: () => now, monotonic: () => now - start, sleep, advance, stall, settle };
};

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error("aborted");
