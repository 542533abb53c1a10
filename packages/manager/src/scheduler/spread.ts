import type { Node } from "@skein/model";
import { BitSet } from "./bit-set.ts";
import { hashId } from "./hash.ts";
import type { NodeLoad } from "./node-load.ts";
import type { Placement } from "./placement.ts";
import { placeOn } from "./placement.ts";

/** The nodes that share the values of the outer preferences' labels. */
interface Branch {
  readonly candidates: BitSet;
  readonly children: readonly Branch[];
  /** Decides who gets the remainder. */
  readonly hash: number;
  /** Tasks of the service on all nodes of the branch, fit for more or not. */
  weight: number;
}

const labelPrefixes = ["node.labels.", "engine.labels."] as const;

/** What a spread descriptor reads of a node; undefined when it is none that is known. */
const labelReader = (descriptor: string): ((node: Node | undefined) => string) | undefined => {
  const prefix = labelPrefixes.find((known) => descriptor.toLowerCase().startsWith(known));
  const label = descriptor.slice(prefix?.length ?? 0);
  if (prefix === undefined || label === "") return undefined;
  return prefix === "node.labels."
    ? (node) => node?.spec.Labels[label] ?? ""
    : (node) => node?.description?.Engine.Labels?.[label] ?? "";
};

const groupBy = (
  nodes: readonly NodeLoad[],
  valueOf: (load: NodeLoad) => string,
): ReadonlyMap<string, readonly NodeLoad[]> => {
  const groups = new Map<string, NodeLoad[]>();
  for (const load of nodes) {
    const value = valueOf(load);
    const group = groups.get(value);
    if (group) group.push(load);
    else groups.set(value, [load]);
  }
  return groups;
};

const branchOf = (
  placement: Placement,
  candidates: BitSet,
  nodes: readonly NodeLoad[],
  path: readonly string[],
): Branch => {
  const { ranks, demand } = placement;
  const own = new BitSet(ranks.nodes.length);
  for (const { rank } of nodes) if (candidates.has(rank)) own.add(rank);
  const read = labelReader(demand.spread[path.length] ?? "");
  const values = groupBy(nodes, ({ node }) => read?.(node) ?? "");
  const deeper = path.length < demand.spread.length;
  return {
    candidates: own,
    hash: hashId([demand.serviceId, ...path].join("\n")),
    weight: nodes.reduce((sum, load) => sum + load.activeOf(demand.serviceId), 0),
    children: deeper
      ? [...values].map(([value, part]) => branchOf(placement, candidates, part, [...path, value]))
      : [],
  };
};

/**
 * Places up to `count` tasks, evenly over the values of the first preference's label, inside each
 * evenly over the second's, and so on (behaviour.md, 12.8). Tasks that run already count; none is
 * moved. A branch without room leaves its share to the others. Returns how many found a node.
 */
export const placeSpread = (placement: Placement, candidates: BitSet, count: number): number => {
  if (placement.demand.spread.length === 0) return placeOn(placement, candidates, count);
  return fill(placement, branchOf(placement, candidates, placement.ranks.nodes, []), count);
};

const fill = (placement: Placement, branch: Branch, count: number): number => {
  if (branch.children.length === 0) return placeOn(placement, branch.candidates, count);
  const full = new Set<Branch>();
  let placed = 0;
  while (placed < count && full.size < branch.children.length) {
    const open = branch.children.filter((child) => !full.has(child));
    for (const [child, share] of shares(open, count - placed)) {
      const got = fill(placement, child, share);
      child.weight += got;
      placed += got;
      if (got < share) full.add(child);
    }
  }
  return placed;
};

/** How many of `count` tasks each branch gets so that the lightest are raised first. */
const shares = (
  branches: readonly Branch[],
  count: number,
): readonly (readonly [Branch, number])[] => {
  const sorted = branches.toSorted((a, b) => a.weight - b.weight);
  let raised = 0;
  let sum = 0;
  for (const { weight } of sorted) {
    if (weight * raised - sum >= count) break;
    sum += weight;
    raised += 1;
  }
  const level = Math.floor((count + sum) / raised);
  let remainder = (count + sum) % raised;
  const chosen = sorted.slice(0, raised).toSorted((a, b) => a.hash - b.hash);
  return chosen.flatMap((branch) => {
    const extra = remainder > 0 ? 1 : 0;
    remainder -= extra;
    const share = level + extra - branch.weight;
    return share > 0 ? [[branch, share] as const] : [];
  });
};
