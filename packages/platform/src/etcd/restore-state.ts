import { OperationError } from "@skein/base";
import type { LoadedState } from "@skein/store";
import type { EtcdClient } from "./client.ts";
import { cut, USUAL_LIMITS } from "./commit-batch.ts";
import { indexValue, pack } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { persist } from "./patience.ts";
import { compareValue } from "./wire-types.ts";
import type { Operation } from "./wire-types.ts";

const PATIENCE_MS = 30_000;

/**
 * Fills an empty log with a state in several transactions. Each is carried out only while the index
 * is 0, and can be repeated. A mark makes the log refuse to be loaded in between; the last
 * transaction sets the index and takes the mark away. Rejects (kind `conflict`) when the log is not
 * empty.
 */
export const restoreState = async (
  client: EtcdClient,
  layout: Layout,
  state: LoadedState,
  signal?: AbortSignal,
): Promise<void> => {
  const apply = async (success: readonly Operation[], mayBeDone = false): Promise<void> => {
    const request = {
      compare: [compareValue(layout.index, indexValue(0))],
      success,
      failure: [{ range: { key: layout.index } }],
    };
    const result = await persist((call) => client.txn(request, call), {
      timeoutMs: PATIENCE_MS,
      signal,
    });
    const found = result.ranges[0]?.[0]?.value.toString("latin1");
    if (!result.succeeded && !(mayBeDone && found === String(state.index)))
      throw new OperationError(
        "conflict",
        "the log in etcd is not empty: nothing is copied into it",
      );
  };
  await apply([
    { put: { key: layout.restoring, value: Buffer.from("1") } },
    { delete: layout.records },
  ]);
  for (const piece of cut(pack(state.records), USUAL_LIMITS)) await apply(layout.writes(piece));
  const last: readonly Operation[] = [
    { put: { key: layout.index, value: indexValue(state.index) } },
    { delete: { key: layout.restoring } },
  ];
  await apply(last, true);
};
