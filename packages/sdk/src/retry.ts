import type { Clock } from "@skein/base";
import { ApiError, ConnectionError, isOutOfSequence } from "./errors.ts";

/** When to try again, and how long to wait in between. */
export interface RetryOptions {
  readonly clock: Clock;
  /** Tries in all, at least 1. */
  readonly attempts: number;
  /** Wait before the second try; doubles each time. */
  readonly delayMs: number;
  /** Which failures are worth another try. Default: {@link isTransient}. */
  readonly retryable?: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
}

/** No answer, or an answer that says "not now". Only safe to repeat for requests that read. */
export const isTransient = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof ApiError && error.status === 503);

/** Runs `operation` until it succeeds, fails for good, or the attempts are used up. */
export const retry = async <T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> => {
  const retryable = options.retryable ?? isTransient;
  let delayMs = options.delayMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation();
    } catch (error) {
      if (attempt >= options.attempts || !retryable(error)) throw error;
      await options.clock.sleep(delayMs, options.signal);
      delayMs *= 2;
    }
  }
};

/**
 * Reads an object, computes and writes its next version; starts over with a fresh read when
 * somebody else was faster. `change` must not have effects of its own.
 */
export const modify = <T, R>(
  read: () => Promise<T>,
  change: (current: T) => Promise<R>,
  options: Omit<RetryOptions, "retryable">,
): Promise<R> =>
  retry(async () => change(await read()), { ...options, retryable: isOutOfSequence });
