import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "@skein/base";
import { EtcdError } from "./etcd-error.ts";

/** How long something is tried, and what ends it before. */
export interface Patience {
  /** Milliseconds altogether; without it until the signal is aborted. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether to try again after this error; by default when nobody knows whether it was done. */
  readonly retries?: (error: unknown) => boolean;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
/** One try's deadline, in milliseconds. */
const TRY_MS = 3_000;

const isAmbiguous = (error: unknown): boolean => error instanceof EtcdError && error.isAmbiguous;

/** Waits; resolves early when the signal is aborted. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: whoever waits looks at the signal.
  }
};

/**
 * Calls `attempt`, with one try's deadline, again and again while it fails in a manner that may
 * pass. Rejects with the last error when the time is over, or with the signal's reason.
 */
export const persist = async <T>(
  attempt: (call: { readonly timeoutMs: number; readonly signal?: AbortSignal }) => Promise<T>,
  patience: Patience = {},
): Promise<T> => {
  const { timeoutMs = Number.POSITIVE_INFINITY, signal, retries = isAmbiguous } = patience;
  const end = performance.now() + timeoutMs;
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const left = end - performance.now();
    const call = { timeoutMs: Math.max(1, Math.min(TRY_MS, left)) };
    try {
      return await attempt(signal === undefined ? call : { ...call, signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (!retries(error) || performance.now() + wait >= end) throw error;
    }
    await pause(wait, signal);
  }
};

/** What a manager hears whose term is over. */
export const noLongerLeader = (cause?: unknown): OperationError =>
  new OperationError("unavailable", "this manager is no longer the leader", { cause });
