import { OperationError } from "@skein/base";
import type { LoadedState, Log } from "@skein/store";
import type { EtcdLog } from "./etcd-log.ts";

/** Steps of a copy; what a caller may do between them. */
export interface CopyOptions {
  readonly from: Log;
  readonly to: EtcdLog;
  /**
   * Writes down, durably, that `to` is the log from now on. Called when the copy is whole and was
   * read back; as long as it has not resolved, `from` is the log.
   */
  readonly mark: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Whether the log in etcd has what `from` has already: a copy that was killed before its mark. */
const isCopied = async ({ from, to }: CopyOptions): Promise<boolean> => {
  const never = new AbortController().signal;
  const [source, copy] = await Promise.all([from.readIndex(never), to.readIndex(never)]);
  return copy > 0 && copy === source;
};

const keysOf = ({ records }: LoadedState): ReadonlySet<string> =>
  new Set(records.map(({ key }) => key));

/**
 * Moves a whole state, its index included, into an empty log in etcd. Nobody may commit to either
 * meanwhile. Killed at any moment it can be done again: until the mark is made, `from` holds
 * everything, and an unfinished copy refuses to be loaded. Rejects (kind `conflict`) when `to` holds another
 * state, and leaves `from` as it is.
 */
export const copyState = async (options: CopyOptions): Promise<void> => {
  const { from, to, mark, signal } = options;
  const state = await from.load();
  if (!(await isCopied(options))) await to.restore(state, signal);
  const copy = await to.load();
  const keys = keysOf(copy);
  const isWhole =
    copy.index === state.index &&
    copy.records.length === state.records.length &&
    state.records.every(({ key }) => keys.has(key));
  if (!isWhole)
    throw new OperationError("conflict", "the log in etcd holds another state: nothing is moved");
  signal?.throwIfAborted();
  await mark();
};
