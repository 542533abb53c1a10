import type { Clock, Logger } from "@skein/base";
import { messageOf } from "@skein/base";
import type { Store } from "@skein/store";
import type { KeyFiles } from "./key-files.ts";

/** The pause before a write that the disk refused is tried again. */
const RETRY_MS = 5000;

export interface SealingOptions {
  readonly store: Pick<Store, "barrier" | "view" | "watch">;
  readonly files: Pick<KeyFiles, "seal">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps this manager's key files as the cluster wants them. */
export interface Sealing {
  /** Resolves when the files follow what is durable now, or a first attempt has failed. */
  settled(): Promise<void>;
  /** Ends the work; what is under way is finished. */
  stop(): Promise<void>;
}

/**
 * Seals this manager's key files with the unlock key in the cluster object, and again whenever it
 * changes. Only durable keys count: sealed with one that the log then refused, the files could never be
 * opened again.
 */
export const startSealing = ({ store, files, clock, logger }: SealingOptions): Sealing => {
  const ending = new AbortController();
  let wanted: string | undefined;
  let done: string | undefined;

  const first = async (): Promise<void> => {
    const [cluster] = store.view.all("clusters").values();
    try {
      await store.barrier();
      wanted ??= cluster?.unlockKey;
    } catch {
      void retryLater(); // what was seen is taken back
    }
  };
  const work = async (): Promise<void> => {
    if (wanted === undefined) await first();
    for (;;) {
      const goal = wanted;
      if (goal === undefined || goal === done) return;
      try {
        await files.seal(goal);
        done = goal;
      } catch (error) {
        logger.warn("key files not sealed", { reason: messageOf(error) });
        void retryLater();
        return;
      }
    }
  };
  let working: Promise<void> = Promise.resolve();
  const begin = (): void => {
    working = working.then(work);
  };
  const retryLater = (): Promise<void> =>
    clock.sleep(RETRY_MS, ending.signal).then(begin, () => {
      // The membership ends: the next start of the daemon tries again.
    });

  const unwatch = store.watch(({ changes }) => {
    for (const { table, after } of changes)
      if (table === "clusters" && after && after.unlockKey !== wanted) {
        wanted = after.unlockKey;
        begin();
      }
  });
  begin();
  return {
    settled: () => working,
    stop: async () => {
      unwatch();
      await working;
      ending.abort(new Error("the membership ends"));
    },
  };
};
