import { randomBytes } from "node:crypto";
import { OperationError } from "@skein/base";
import type { LogBatch } from "@skein/store";
import type { EtcdClient, TxnResult } from "./client.ts";
import type { HeldLeadership } from "./election.ts";
import { EtcdError } from "./etcd-error.ts";
import { indexValue, parseIndex, unusable } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { noLongerLeader, pause } from "./patience.ts";
import { compareCreated, compareValue } from "./wire-types.ts";
import type { TxnRequest } from "./wire-types.ts";

/** One try's deadline, in milliseconds. A member without quorum gives no answer of its own. */
const TRY_MS = 3_000;
const AGAIN_MS = 50;

const requestFor = (layout: Layout, batch: LogBatch, name: string): TxnRequest => ({
  compare: [
    compareCreated(layout.leader, batch.term),
    compareValue(layout.index, indexValue(batch.index - 1)),
  ],
  success: [...layout.writes(batch.records), ...layout.position(batch, name)],
  failure: [
    { range: { key: layout.leader } },
    { range: { key: layout.index } },
    { range: { key: layout.batch } },
  ],
});

/** What a transaction whose conditions did not hold tells about the batch. */
const judge = ({ ranges }: TxnResult, batch: LogBatch, name: string): "in" | "deposed" | Error => {
  const [leader, index, newest] = ranges.map(([kv]) => kv);
  if (newest?.value.toString("latin1") === `${batch.term} ${name}`) return "in";
  if (Number(leader?.createRevision ?? 0) !== batch.term) return "deposed";
  const found = index === undefined ? "nothing" : parseIndex(index.value);
  return unusable(`batch ${batch.index} does not follow ${found}`);
};

/**
 * Makes a batch durable in one transaction, and settles only when it is known what became of it:
 *
 * - A try without an answer is made again, as it is: it carries a name, its conditions hold at most
 *   once, so it is carried out at most once however often it arrives.
 * - Refused (too large, no space) before any try was left unanswered: it is certainly not in.
 * - Refused after such a try: the leadership is given up, so that a late arrival fails its condition.
 * - The leadership is lost: rejected with kind `unavailable`. Only then may the batch be in; who
 *   follows from the last durable index learns it.
 *
 * Resolves with the revision.
 */
export const commitBatch = async (
  client: EtcdClient,
  layout: Layout,
  held: HeldLeadership,
  batch: LogBatch,
): Promise<number> => {
  const name = randomBytes(8).toString("hex");
  const request = requestFor(layout, batch, name);
  for (let isUnsure = false; ; isUnsure = true) {
    if (!held.valid()) throw noLongerLeader(held.lost.reason);
    let result: TxnResult;
    try {
      result = await client.txn(request, { timeoutMs: TRY_MS, signal: held.lost });
    } catch (error) {
      if (!(error instanceof EtcdError)) throw noLongerLeader(error);
      if (!error.isAmbiguous) {
        if (isUnsure) await held.resign();
        throw refusal(error, batch);
      }
      await pause(AGAIN_MS, held.lost);
      continue;
    }
    if (result.succeeded) return result.revision;
    const verdict = judge(result, batch, name);
    if (verdict === "in") return result.revision;
    held.lose(verdict === "deposed" ? noLongerLeader() : verdict);
    throw verdict === "deposed" ? noLongerLeader() : verdict;
  }
};

const refusal = (error: EtcdError, batch: LogBatch): OperationError =>
  error.kind === "invalid-parameter"
    ? new OperationError(
        "internal",
        `etcd refuses a change of ${batch.records.length} objects (${error.reason}): an etcd of your own needs larger --max-txn-ops and --max-request-bytes`,
        { cause: error },
      )
    : error;
