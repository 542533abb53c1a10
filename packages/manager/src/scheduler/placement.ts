import type { BitSet } from "./bit-set.ts";
import type { Demand } from "./demand.ts";
import type { Requirement } from "./filters.ts";
import { hasRoom } from "./filters.ts";
import { hashId } from "./hash.ts";
import type { NodeLoad } from "./node-load.ts";
import type { NodeRanks } from "./node-ranks.ts";

/** A group of equal tasks that need nodes. */
export interface Placement {
  readonly ranks: NodeRanks;
  readonly demand: Demand;
  readonly requirement: Requirement;
  /** Nodes where many tasks of this spec failed, and how many. */
  readonly avoided: ReadonlyMap<string, number>;
  /** Gives the next task to the node, and counts it there. */
  readonly assign: (load: NodeLoad) => void;
}

/** Nodes with the same number of the service's tasks, the preferred ones first. */
type Level = NodeLoad[];

/** The order among nodes with equally many tasks of the service. */
const preference = (serviceId: string): ((a: NodeLoad, b: NodeLoad) => number) => {
  const shift = hashId(serviceId);
  const rotated = ({ hash }: NodeLoad): number => (hash + shift) >>> 0;
  return (a, b) => a.active - b.active || rotated(a) - rotated(b) || (a.id < b.id ? -1 : 1);
};

/**
 * Gives up to `count` tasks to the candidates, each to the node that is best at that moment: fewest
 * recent failures if they are many, then fewest tasks of the service, then fewest tasks, then the
 * hash of service and node. Returns how many found a node; fewer than `count` means that no
 * candidate has room.
 */
export const placeOn = (placement: Placement, candidates: BitSet, count: number): number => {
  const placed = placeOnUnavoided(placement, candidates, count);
  if (placed === count || placement.avoided.size === 0) return placed;
  return placed + placeOnAvoided(placement, candidates, count - placed);
};

/** Nodes without a task of the service come first: they are found by walking the buckets. */
const placeOnUnavoided = (placement: Placement, candidates: BitSet, count: number): number => {
  const { ranks, demand, requirement, avoided, assign } = placement;
  const moved: Level = [];
  const start = ranks.startOf(hashId(demand.serviceId));
  const size = ranks.nodes.length;
  const walk = (bucket: BitSet, from: number, to: number): void => {
    let rank = bucket.nextCommon(candidates, from, to);
    for (; rank >= 0 && moved.length < count; rank = bucket.nextCommon(candidates, rank + 1, to)) {
      const load = ranks.nodes[rank];
      if (!load || avoided.has(load.id) || load.activeOf(demand.serviceId) > 0) continue;
      if (!hasRoom(load, demand, requirement)) continue;
      assign(load);
      moved.push(load);
    }
  };
  const buckets = ranks.buckets; // nodes that are moved up on the way have a task of the service
  for (let active = 0; active < buckets && moved.length < count; active += 1) {
    walk(ranks.bucket(active), start, size);
    walk(ranks.bucket(active), 0, start);
  }
  if (moved.length === count) return count;
  const taken = new Set(moved);
  const rest = members(ranks, candidates).filter(
    (load) => !taken.has(load) && !avoided.has(load.id) && load.activeOf(demand.serviceId) > 0,
  );
  return moved.length + placeByLevels(placement, rest, moved, count - moved.length);
};

/** Nodes to avoid, those with the fewest failures first. */
const placeOnAvoided = (placement: Placement, candidates: BitSet, count: number): number => {
  const { ranks, avoided } = placement;
  const nodes = members(ranks, candidates).filter(({ id }) => avoided.has(id));
  let placed = 0;
  for (const failures of [...new Set(avoided.values())].toSorted((a, b) => a - b)) {
    const tier = nodes.filter(({ id }) => avoided.get(id) === failures);
    placed += placeByLevels(placement, tier, [], count - placed);
  }
  return placed;
};

const members = ({ nodes }: NodeRanks, candidates: BitSet): readonly NodeLoad[] =>
  nodes.filter(({ rank }) => candidates.has(rank));

/**
 * Level by level: every node of the lowest level gets one task and so joins the next level. `first`
 * are nodes that just joined level 1, in order.
 */
const placeByLevels = (
  placement: Placement,
  nodes: readonly NodeLoad[],
  first: Level,
  count: number,
): number => {
  const { demand, requirement, assign } = placement;
  const levels = groupByLevel(nodes, demand.serviceId);
  const order = preference(demand.serviceId);
  let placed = 0;
  let arrived = first;
  let level = first.length > 0 ? 1 : 0;
  while (placed < count && (arrived.length > 0 || levels.size > 0)) {
    if (arrived.length === 0) level = Math.min(...levels.keys());
    const current = merge(arrived, levels.get(level)?.toSorted(order) ?? [], order);
    levels.delete(level);
    arrived = [];
    for (const load of current) {
      if (placed === count) break;
      if (!hasRoom(load, demand, requirement)) continue;
      assign(load);
      placed += 1;
      arrived.push(load);
    }
    level += 1;
  }
  return placed;
};

const groupByLevel = (nodes: readonly NodeLoad[], serviceId: string): Map<number, Level> => {
  const levels = new Map<number, Level>();
  for (const load of nodes) {
    const level = load.activeOf(serviceId);
    const known = levels.get(level);
    if (known) known.push(load);
    else levels.set(level, [load]);
  }
  return levels;
};

/** Merges two sorted levels: those that moved up together stay in order. */
const merge = (a: Level, b: Level, order: (a: NodeLoad, b: NodeLoad) => number): Level => {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: Level = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left && (!right || order(left, right) < 0)) {
      merged.push(left);
      i += 1;
    } else if (right) {
      merged.push(right);
      j += 1;
    }
  }
  return merged;
};
