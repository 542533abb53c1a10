import { OperationError } from "@skein/base";
import type { Leadership, LoadedState, Log, LogBatch } from "./ports.ts";

/** What survives a crash in tests and in the simulation: shared by the logs opened on it. */
export interface MemoryDisk {
  index: number;
  term: number;
  readonly records: Map<string, unknown>;
  /** The present leader's controller; aborting it deposes the leader. */
  leader: AbortController | undefined;
  /** Logs that follow. */
  readonly watchers: Set<(batch: LogBatch) => void>;
}

export const newMemoryDisk = (): MemoryDisk => ({
  index: 0,
  term: 0,
  records: new Map(),
  leader: undefined,
  watchers: new Set(),
});

const copy = (value: unknown): unknown =>
  value === undefined ? undefined : structuredClone(value);

/** Who campaigns on a memory log deposes the leader before: tests decide when that happens. */
const campaign = (disk: MemoryDisk): Leadership => {
  disk.leader?.abort(new Error("another candidate took over"));
  const controller = new AbortController();
  disk.leader = controller;
  disk.term += 1;
  return {
    term: disk.term,
    lost: controller.signal,
    resign: () => {
      controller.abort(new Error("resigned"));
      return Promise.resolve();
    },
  };
};

const commit = (disk: MemoryDisk, own: object, batch: LogBatch): void => {
  if (batch.term !== disk.term || disk.leader?.signal.aborted !== false)
    throw new OperationError("unavailable", "this manager is no longer the leader");
  for (const { key, value } of batch.records)
    if (value === undefined) disk.records.delete(key);
    else disk.records.set(key, copy(value));
  disk.index = batch.index;
  for (const watcher of disk.watchers) if (watcher !== own) watcher(batch);
};

/** A {@link Log} in memory, fenced like the real ones. Values are copied on the way in and out. */
export const openMemoryLog = (disk: MemoryDisk = newMemoryDisk()): Log => {
  const own: { watcher: ((batch: LogBatch) => void) | undefined } = { watcher: undefined };
  const load = (): LoadedState => ({
    index: disk.index,
    records: [...disk.records].map(([key, value]) => ({ key, value: copy(value) })),
  });
  return {
    load: () => Promise.resolve().then(load),
    commit: (batch) => Promise.resolve().then(() => commit(disk, own.watcher ?? own, batch)),
    watch: (afterIndex, listener, signal) => {
      const watcher = (batch: LogBatch): void => {
        if (batch.index > afterIndex && !signal.aborted) listener(batch);
      };
      own.watcher = watcher;
      disk.watchers.add(watcher);
      signal.addEventListener("abort", () => disk.watchers.delete(watcher), { once: true });
    },
    campaign: () => Promise.resolve().then(() => campaign(disk)),
    close: () => Promise.resolve(),
  };
};
