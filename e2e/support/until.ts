import { setTimeout as sleep } from "node:timers/promises";

/** How often a condition is looked at, in milliseconds. */
const POLL_MS = 150;

/**
 * Reads until `accept` likes what it read, and resolves to that. After `deadlineMs` it rejects and
 * says what was read last. A read that fails counts as not accepted.
 */
export const until = async <T>(
  what: string,
  read: () => Promise<T>,
  accept: (value: T) => boolean,
  deadlineMs = 30_000,
): Promise<T> => {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await read();
      if (accept(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last, undefined, 1);
      throw new Error(`not within ${deadlineMs / 1000} s: ${what}; last seen: ${seen}`);
    }
    await sleep(POLL_MS);
  }
};
