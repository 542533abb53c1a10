import { OperationError } from "@skein/base";
import type { Leadership, LoadedState, Log, LogBatch, LogListener } from "./ports.ts";

/** What survives a crash in tests and in the simulation: shared by the logs opened on it. */
export interface MemoryDisk {
  index: number;
  term: number;
  readonly records: Map<string, unknown>;
  /** The present leader; aborting its controller deposes it. */
  leader: { readonly candidate: string; readonly controller: AbortController } | undefined;
  /** Logs that follow. */
  readonly watchers: Set<(batch: LogBatch) => void>;
  /** Who wants to know who leads. */
  readonly observers: Set<(candidate: string | undefined) => void>;
}

export const newMemoryDisk = (): MemoryDisk => ({
  index: 0,
  term: 0,
  records: new Map(),
  leader: undefined,
  watchers: new Set(),
  observers: new Set(),
});

const copy = (value: unknown): unknown =>
  value === undefined ? undefined : structuredClone(value);

const stateOf = (disk: MemoryDisk): LoadedState => ({
  index: disk.index,
  records: [...disk.records].map(([key, value]) => ({ key, value: copy(value) })),
});

const tell = (disk: MemoryDisk): void => {
  for (const observer of disk.observers) observer(disk.leader?.candidate);
};

/** Who campaigns on a memory log deposes the leader before: tests decide when that happens. */
const campaign = (disk: MemoryDisk, candidate: string): Leadership => {
  disk.leader?.controller.abort(new Error("another candidate took over"));
  const controller = new AbortController();
  const leader = { candidate, controller };
  disk.leader = leader;
  disk.term += 1;
  tell(disk);
  return {
    term: disk.term,
    lost: controller.signal,
    valid: () => !controller.signal.aborted,
    confirm: () =>
      controller.signal.aborted
        ? Promise.reject(new OperationError("unavailable", "this manager is no longer the leader"))
        : Promise.resolve(),
    resign: () => {
      controller.abort(new Error("resigned"));
      if (disk.leader === leader) {
        disk.leader = undefined;
        tell(disk);
      }
      return Promise.resolve();
    },
  };
};

const commit = (disk: MemoryDisk, own: object, batch: LogBatch): void => {
  if (batch.term !== disk.term || disk.leader?.controller.signal.aborted !== false)
    throw new OperationError("unavailable", "this manager is no longer the leader");
  for (const { key, value } of batch.records)
    if (value === undefined) disk.records.delete(key);
    else disk.records.set(key, copy(value));
  disk.index = batch.index;
  for (const watcher of disk.watchers) if (watcher !== own) watcher(batch);
};

/** Batches are not kept: who comes late gets the whole state. */
const watch = (
  disk: MemoryDisk,
  after: number,
  listener: LogListener,
): ((batch: LogBatch) => void) => {
  let last = after;
  if (disk.index > after) {
    listener.reset(stateOf(disk));
    last = disk.index;
  }
  return (batch) => {
    if (batch.index <= last) return;
    last = batch.index;
    listener.batch(batch);
  };
};

/** A {@link Log} in memory, fenced like the real ones. Values are copied on the way in and out. */
export const openMemoryLog = (disk: MemoryDisk = newMemoryDisk()): Log => {
  const own: { watcher: ((batch: LogBatch) => void) | undefined } = { watcher: undefined };
  return {
    load: () => Promise.resolve().then(() => stateOf(disk)),
    commit: (batch) => Promise.resolve().then(() => commit(disk, own.watcher ?? own, batch)),
    watch: (afterIndex, listener, signal) => {
      const watcher = watch(disk, afterIndex, listener);
      own.watcher = watcher;
      disk.watchers.add(watcher);
      signal.addEventListener("abort", () => disk.watchers.delete(watcher), { once: true });
    },
    campaign: (candidate) => Promise.resolve().then(() => campaign(disk, candidate)),
    readIndex: () => Promise.resolve().then(() => disk.index),
    observeLeader: (listener, signal) => {
      disk.observers.add(listener);
      signal.addEventListener("abort", () => disk.observers.delete(listener), { once: true });
      listener(disk.leader?.candidate);
    },
    close: () => Promise.resolve(),
  };
};
