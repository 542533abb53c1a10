import type { EtcdClient } from "./client.ts";
import type { Layout } from "./layout.ts";
import type { LeaderKey } from "./leader-watch.ts";
import { pause } from "./patience.ts";
import { compareCreated } from "./wire-types.ts";

/** How often the leader shows that it is there, and how often the others look, in milliseconds. */
const PULSE_MS = 200;
/** One try's deadline: no answer is no answer, the next one comes soon. */
const TRY_MS = 500;
/** How long etcd must have answered, all the same with nothing new, before silence is the leader's own. */
const PROGRESS_MS = 300;

/** A leadership, as its pulse needs it. */
export interface Pulsing {
  readonly term: number;
  readonly lost: AbortSignal;
  /** It is known that another leads, or nobody. */
  lose(): void;
}

export interface PulseParts {
  readonly client: EtcdClient;
  readonly layout: Layout;
}

/**
 * Shows the others that this leader is there, as long as it leads. The lease alone would tell them
 * too, but etcd gives leases more time whenever its own leader changes: with the leader's host lost, that is just
 * when nobody should wait.
 */
export const keepPulse = async ({ client, layout }: PulseParts, held: Pulsing): Promise<void> => {
  for (let beat = 1; !held.lost.aborted; beat += 1) {
    const value = Buffer.from(`${held.term} ${beat}`);
    const request = {
      compare: [compareCreated(layout.leader, held.term)],
      success: [{ put: { key: layout.pulse, value } }],
      failure: [],
    };
    try {
      const call = { timeoutMs: TRY_MS, signal: held.lost };
      if (!(await client.txn(request, call)).succeeded) held.lose();
    } catch {
      // No answer: the next beat says the same.
    }
    await pause(PULSE_MS, held.lost);
  }
};

/**
 * Resolves when the leader was silent for `silenceMs` although etcd answers, or when the signal is
 * aborted. What this process slept through, or etcd did without a leader of its own, is not held against it.
 */
export const leaderSilent = async (
  { client, layout }: PulseParts,
  silenceMs: number,
  signal: AbortSignal,
): Promise<void> => {
  let last: string | undefined;
  let heardAt = performance.now();
  let answersSince: number | undefined;
  while (!signal.aborted) {
    await pause(PULSE_MS, signal);
    try {
      const call = { timeoutMs: TRY_MS, signal };
      const { kvs } = await client.range({ key: layout.pulse }, call);
      const value = kvs[0]?.value.toString("latin1");
      const now = performance.now();
      answersSince ??= now;
      if (value !== last) [last, heardAt, answersSince] = [value, now, now];
      else if (now - heardAt >= silenceMs && now - answersSince >= PROGRESS_MS) return;
    } catch {
      answersSince = undefined;
    }
  }
};

/**
 * Takes the lead from a leader that is silent, if it still has it. What it commits is refused from then
 * on, whether it lives or not.
 */
export const depose = async (
  { client, layout }: PulseParts,
  leader: LeaderKey,
  signal: AbortSignal,
): Promise<void> => {
  const request = {
    compare: [compareCreated(layout.leader, leader.term)],
    success: [{ delete: { key: layout.leader } }],
    failure: [],
  };
  await client.txn(request, { signal });
};
