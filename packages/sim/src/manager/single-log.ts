import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Leadership, Log, LogBatch, MemoryDisk } from "@skein/store";
import { openMemoryLog } from "@skein/store";
import { chance, delay } from "../draw.ts";
import type { Process } from "../process.ts";

/** How the disk of a single manager misbehaves. Changed while the simulation runs. */
export interface LogFaults {
  /** The share of commits that the disk refuses. */
  failures: number;
  /** Each commit takes a second or so. */
  slow: boolean;
  /** A planted bug: commits are acknowledged before they are on the disk. */
  lies: boolean;
}

/** The leadership as its process sees it: when that is dead, it hears nothing any more. */
const heldBy = (process: Process, leadership: Leadership): Leadership => {
  const over = new AbortController();
  leadership.lost.addEventListener("abort", () => {
    if (process.alive) over.abort(leadership.lost.reason);
  });
  return {
    term: leadership.term,
    lost: over.signal,
    valid: () => leadership.valid(),
    confirm: () => leadership.confirm(),
    resign: () => leadership.resign(),
  };
};

/**
 * The log of a single manager: on its disk. Its commits take time; one during which its process dies
 * is on the disk or not, as chance has it, but never half.
 */
export const openSingleLog = (
  disk: MemoryDisk,
  process: Process,
  random: Random,
  faults: LogFaults,
): Log => {
  const inner = openMemoryLog(disk);
  let writing: LogBatch | undefined;
  process.onEnd(() => {
    if (writing && !faults.lies && chance(random, 0.5)) void inner.commit(writing);
  });
  const write = async (batch: LogBatch): Promise<void> => {
    await process.sleep(faults.slow ? delay(random, 1000, 8000) : delay(random, 3, 300));
    writing = undefined;
    await process.guard(inner.commit(batch));
  };
  const commit = async (batch: LogBatch): Promise<void> => {
    if (chance(random, faults.failures))
      throw new OperationError("internal", "no space left on device");
    writing = batch;
    if (faults.lies) {
      void write(batch);
      await process.sleep(0);
      return;
    }
    await write(batch);
  };
  return {
    ...inner,
    commit,
    watch: (after, listener, signal) =>
      inner.watch(
        after,
        {
          batch: (one) => process.alive && listener.batch(one),
          reset: (state) => process.alive && listener.reset(state),
        },
        signal,
      ),
    observeLeader: (listener, signal) =>
      inner.observeLeader((leader) => process.alive && listener(leader), signal),
    campaign: async (candidate, signal) =>
      heldBy(process, await process.guard(inner.campaign(candidate, signal))),
  };
};
