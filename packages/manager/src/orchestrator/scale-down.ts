import { isLost } from "./node-fitness.ts";
import type { Reconciliation } from "./reconciliation.ts";
import type { Slot } from "./slots.ts";
import { isLive } from "./slots.ts";

interface Candidate {
  readonly slot: Slot;
  readonly running: boolean;
  /** The node of its one good task; undefined when it has none, or several. */
  readonly nodeId: string | undefined;
}

const candidate = (work: Reconciliation, slot: Slot): Candidate => {
  const live = slot.tasks.filter((task) => isLive(task) && !isLost(work.tx, task));
  return {
    slot,
    running: live.some((task) => task.status.state === "running"),
    nodeId: live.length > 1 ? undefined : live[0]?.nodeId,
  };
};

const runningFirst = (a: Candidate, b: Candidate): number =>
  Number(b.running) - Number(a.running) || a.slot.number - b.slot.number;

/**
 * Which slots stay when a service has too many (behaviour.md, 5.2). First go those without a place
 * (also on nodes that are down or drained) and those in the middle of an update, then those of the
 * most loaded nodes; on one node those that do not run, then high slot numbers. The order is total,
 * so that equal states give equal answers.
 */
export const slotsToKeep = (
  work: Reconciliation,
  slots: readonly Slot[],
  replicas: number,
): ReadonlySet<Slot> => {
  const perNode = new Map<string, number>();
  const ranked = slots
    .map((slot) => candidate(work, slot))
    .toSorted(runningFirst)
    .map(({ slot, nodeId }, position) => {
      if (nodeId === undefined) return { slot, position, ordinal: Number.POSITIVE_INFINITY };
      const ordinal = (perNode.get(nodeId) ?? 0) + 1;
      perNode.set(nodeId, ordinal);
      return { slot, position, ordinal };
    });
  const kept = ranked.toSorted((a, b) =>
    a.ordinal === b.ordinal ? a.position - b.position : a.ordinal - b.ordinal,
  );
  return new Set(kept.slice(0, replicas).map(({ slot }) => slot));
};
