import type { Clock } from "@skein/base";

/** Node turns a longer delay into 1 ms, so longer sleeps are made of pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const wait = (left: number): void => {
      const piece = Math.min(left, LONGEST_TIMER_MS);
      timer = setTimeout(() => {
        if (left > piece) {
          wait(left - piece);
          return;
        }
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, piece);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    wait(Math.max(0, ms));
  });

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
};
