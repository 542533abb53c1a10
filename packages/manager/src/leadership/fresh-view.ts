import type { Clock } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Store } from "@skein/store";

/** How long a read waits for a leader or for what the leader wrote, in milliseconds. */
const WAIT_MS = 10_000;

/** What managers say while too few of them are there (behaviour.md, section 11); 503, not Docker's 500. */
export const noLeader = (): OperationError =>
  new OperationError(
    "unavailable",
    "The swarm does not have a leader. It's possible that too few managers are online. " +
      "Make sure more than half of the managers are online.",
    { rpc: true },
  );

/**
 * Resolves when the store shows all that any manager acknowledged before the call. Rejects (kind
 * `unavailable`) when that can't be known: too few managers are there.
 */
export const freshView = async (store: Store, clock: Clock): Promise<void> => {
  const limit = new AbortController();
  const done = new AbortController();
  clock.sleep(WAIT_MS, done.signal).then(
    () => limit.abort(noLeader()),
    () => {
      // it was fresh before
    },
  );
  try {
    await store.fresh(limit.signal);
  } catch {
    throw noLeader();
  } finally {
    done.abort();
  }
};
