import { setTimeout as sleep } from "node:timers/promises";

/** How often a condition of another process is looked at, in milliseconds. */
const POLL_MS = 25;

/** Looks at `condition` until it holds (true) or `timeoutMs` has passed (false). */
export const waitFor = async (
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= end) return false;
    await sleep(POLL_MS);
  }
};

/** Tries `operation` until it succeeds; after `timeoutMs` its last failure is the result. */
export const eventually = async <T>(operation: () => Promise<T>, timeoutMs: number): Promise<T> => {
  const end = performance.now() + timeoutMs;
  for (;;)
    try {
      return await operation();
    } catch (error) {
      if (performance.now() >= end) throw error;
      await sleep(POLL_MS);
    }
};
