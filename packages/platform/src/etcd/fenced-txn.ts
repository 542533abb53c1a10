import type { EtcdClient, TxnResult } from "./client.ts";
import type { HeldLeadership } from "./election.ts";
import { EtcdError } from "./etcd-error.ts";
import { indexValue, parseIndex, unusable } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { noLongerLeader, pause, persist } from "./patience.ts";
import { compareCreated, compareValue } from "./wire-types.ts";
import type { Operation, TxnRequest } from "./wire-types.ts";

/** By what a write is fenced. */
export interface Fence {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly held: HeldLeadership;
}

/** A write that happens only under the leadership, and only on top of one index. */
export interface FencedWrite {
  /** The newest batch must be this one. */
  readonly onIndex: number;
  readonly operations: readonly Operation[];
  /** Whether an earlier try has happened, told from the name of the newest batch. */
  readonly hasHappened?: (newest: string | undefined) => boolean;
}

/*
 * One try's deadline, in milliseconds. What was on its way to a leader that died is lost, and nobody
 * says so: only another try finds the next leader. Large writes, and later tries, get more time.
 */
const FIRST_TRY_MS = 400;
const LONGEST_TRY_MS = 3_000;
const TRY_GROWTH = 1.4;

const tryMs = (tries: number, { operations }: FencedWrite): number =>
  Math.min(LONGEST_TRY_MS, FIRST_TRY_MS * TRY_GROWTH ** tries + operations.length);

const AGAIN_MS = 50;

const requestFor = ({ layout, held }: Fence, { onIndex, operations }: FencedWrite): TxnRequest => ({
  compare: [
    compareCreated(layout.leader, held.term),
    compareValue(layout.index, indexValue(onIndex)),
  ],
  success: operations,
  failure: whereabouts(layout),
});

/** What tells whether a write has happened. */
const whereabouts = (layout: Layout): readonly Operation[] => [
  { range: { key: layout.leader } },
  { range: { key: layout.index } },
  { range: { key: layout.batch } },
];

/** What a transaction whose conditions did not hold tells: nothing when an earlier try happened. */
const judge = (fence: Fence, write: FencedWrite, { ranges }: TxnResult): Error | undefined => {
  const [leader, index, newest] = ranges.map(([kv]) => kv);
  if (write.hasHappened?.(newest?.value.toString("latin1")) === true) return undefined;
  if (Number(leader?.createRevision ?? 0) !== fence.held.term) return noLongerLeader();
  const found = index === undefined ? "nothing" : parseIndex(index.value);
  return unusable(`the newest batch is ${found}, not ${write.onIndex}`);
};

/**
 * A member that finds its database full says so, and may have carried the write out all the same
 * (tried with 3.4.23); from the next one on it refuses. So what is there decides.
 */
const afterFull = async (fence: Fence, write: FencedWrite, full: EtcdError): Promise<TxnResult> => {
  const { client, layout, held } = fence;
  const request = { compare: [], success: whereabouts(layout) };
  const result = await persist((call) => client.txn(request, call), { signal: held.lost });
  const newest = result.ranges[2]?.[0]?.value.toString("latin1");
  if (write.hasHappened?.(newest) === true) return { ...result, succeeded: true };
  throw full;
};

/** One try: the result, or undefined when nobody knows whether it happened. */
const attempt = async (
  fence: Fence,
  request: TxnRequest,
  timeoutMs: number,
): Promise<TxnResult | undefined> => {
  const { client, held } = fence;
  try {
    return await client.txn(request, { timeoutMs, signal: held.lost });
  } catch (error) {
    if (!(error instanceof EtcdError)) throw noLongerLeader(error);
    if (!error.isAmbiguous) throw error;
    await pause(AGAIN_MS, held.lost);
    return undefined;
  }
};

/** What becomes of a write that etcd refused. */
const refused = async (
  fence: Fence,
  write: FencedWrite,
  error: unknown,
  isUnsure: boolean,
): Promise<TxnResult> => {
  try {
    if (error instanceof EtcdError && error.isFull) return await afterFull(fence, write, error);
    throw error;
  } catch (problem) {
    if (isUnsure) await fence.held.resign();
    throw problem;
  }
};

/**
 * Carries out one transaction under the leadership, and settles only when it is known what became
 * of it:
 *
 * - A try without an answer is made again, as it is, until there is an answer.
 * - Refused (too large, no space) before any try was left unanswered: it has certainly not happened.
 * - Refused after such a try: the leadership is given up, so that a late arrival fails its condition.
 * - The leadership is lost: rejects with kind `unavailable`. Only then may it have happened.
 *
 * Resolves with the revision.
 */
export const fencedTxn = async (fence: Fence, write: FencedWrite): Promise<number> => {
  const request = requestFor(fence, write);
  for (let tries = 0; ; tries += 1) {
    if (!fence.held.valid()) throw noLongerLeader(fence.held.lost.reason);
    const result = await attempt(fence, request, tryMs(tries, write)).catch((error: unknown) =>
      refused(fence, write, error, tries > 0),
    );
    if (result === undefined) continue;
    const problem = result.succeeded ? undefined : judge(fence, write, result);
    if (problem === undefined) return result.revision;
    fence.held.lose(problem);
    throw problem;
  }
};
