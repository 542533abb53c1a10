import type { Clock } from "@skein/base";
import { OperationError } from "@skein/base";

/** A controller that also aborts when one of `parents` does. Call `release` when it is done with. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  readonly release: () => void;
}

/** Makes an abort signal that follows others. */
export const linkAbort = (...parents: readonly AbortSignal[]): LinkedAbort => {
  const controller = new AbortController();
  const followers = parents.map((parent) => {
    const follow = (): void => controller.abort(parent.reason);
    if (parent.aborted) follow();
    else parent.addEventListener("abort", follow, { once: true });
    return { parent, follow };
  });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => {
      for (const { parent, follow } of followers) parent.removeEventListener("abort", follow);
    },
  };
};

/** Asks anew: inside a loop on `signal.aborted` the compiler believes that it cannot change. */
export const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Sleeps; false when the signal cut it short. */
export const pause = async (clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> => {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch {
    return false; // only the signal rejects a sleep
  }
};

/** Runs `action`; aborts it and rejects (kind `unavailable`) when it takes longer than `ms`. */
export const withTimeout = async <T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const link = linkAbort(signal);
  const late = new OperationError("unavailable", `no answer within ${ms / 1000} s`);
  const timer = linkAbort(link.signal);
  const timeout = pause(clock, ms, timer.signal).then((elapsed) => {
    if (!elapsed) throw signal.aborted ? signal.reason : late;
    link.abort(late);
    throw late;
  });
  try {
    return await Promise.race([action(link.signal), timeout]);
  } finally {
    timer.abort(late);
    timer.release();
    link.release();
    timeout.catch(() => {
      // the timer was cut short because the action came first
    });
  }
};
