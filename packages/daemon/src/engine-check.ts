import type { Clock } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";

/** How long a daemon that starts waits for its engine, in milliseconds. */
const WAIT_MS = 10_000;

/** A member has more to do than to wait: it asks once, for this long at most. */
const MEMBER_WAIT_MS = 2000;

const RETRY_MS = 250;

export interface EngineCheck {
  readonly clock: Clock;
  /** Resolves when the engine answers and is fit; rejects with `unavailable` while it is away. */
  readonly describe: (signal: AbortSignal) => Promise<unknown>;
  /** Whether this node is in a cluster already. */
  readonly isMember: boolean;
}

const isAway = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "unavailable";

/** One question, answered or given up after `limitMs`. */
const askOnce = async ({ clock, describe }: EngineCheck, limitMs: number): Promise<void> => {
  const scope = new AbortController();
  const late = clock.sleep(limitMs, scope.signal).then(() => {
    throw new OperationError(
      "unavailable",
      `the container engine has not answered within ${limitMs / 1000} s`,
    );
  });
  try {
    await Promise.race([describe(scope.signal), late]);
  } finally {
    late.catch(() => {});
    scope.abort(new Error("the engine is not asked any more"));
  }
};

/**
 * Looks whether the engine is there before the daemon serves. On a node in no cluster, waits for it a
 * while and rejects when it does not come. A member comes up without it: its manager must be there
 * although its engine is not, and its agent says that the node takes no tasks. Resolves to what is
 * wrong then. Rejects in any case with an engine that is too old.
 */
export const checkEngine = async (check: EngineCheck): Promise<string | undefined> => {
  const { clock, isMember } = check;
  const waitMs = isMember ? MEMBER_WAIT_MS : WAIT_MS;
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    try {
      await askOnce(check, Math.max(RETRY_MS, deadline - clock.monotonic()));
      return undefined;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (isMember) return messageOf(error);
      if (clock.monotonic() + RETRY_MS >= deadline) throw error;
      await clock.sleep(RETRY_MS);
    }
  }
};
