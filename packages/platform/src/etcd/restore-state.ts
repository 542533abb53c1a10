import { OperationError } from "@skein/base";
import type { LoadedState } from "@skein/store";
import type { EtcdClient } from "./client.ts";
import { indexValue } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { persist } from "./patience.ts";
import { compareValue } from "./wire-types.ts";
import type { Operation } from "./wire-types.ts";

/** Puts of one transaction: more are no faster. */
const CHUNK_RECORDS = 500;
/** Bytes of one transaction: far below what etcd takes by default, 1.5 MiB, unless one value is larger. */
const CHUNK_BYTES = 1_000_000;
const PATIENCE_MS = 30_000;

const sizeOf = (operation: Operation): number =>
  "put" in operation ? operation.put.key.length + operation.put.value.length : 0;

const chunksOf = function* chunksOf(
  operations: readonly Operation[],
): Generator<readonly Operation[]> {
  let chunk: Operation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const size = sizeOf(operation);
    if (chunk.length > 0 && (chunk.length >= CHUNK_RECORDS || bytes + size > CHUNK_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(operation);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
};

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
): Promise<void> => {
  const apply = async (success: readonly Operation[]): Promise<void> => {
    const request = {
      compare: [compareValue(layout.index, indexValue(0))],
      success,
      failure: [{ range: { key: layout.index } }],
    };
    const result = await persist((call) => client.txn(request, call), { timeoutMs: PATIENCE_MS });
    const found = result.ranges[0]?.[0]?.value.toString("latin1");
    if (!result.succeeded && found !== String(state.index))
      throw new OperationError(
        "conflict",
        "the log in etcd is not empty: nothing is copied into it",
      );
  };
  await apply([
    { put: { key: layout.restoring, value: Buffer.from("1") } },
    { delete: layout.records },
  ]);
  for (const chunk of chunksOf(layout.writes(state.records))) await apply(chunk);
  await apply([
    { put: { key: layout.index, value: indexValue(state.index) } },
    { delete: { key: layout.restoring } },
  ]);
};
