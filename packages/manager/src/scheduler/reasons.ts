import type { Demand } from "./demand.ts";
import type { FilterName, Requirement } from "./filters.ts";
import { filters, firstRefusal } from "./filters.ts";
import type { NodeLoad } from "./node-load.ts";

const nodesText = (count: number): string => (count === 1 ? "1 node" : `${count} nodes`);

/** The reference's texts: clients and people know them (behaviour.md, 12.11). */
const texts: Readonly<Record<FilterName, (count: number) => string>> = {
  ready: (count) => `${nodesText(count)} not available for new tasks`,
  resources: (count) => `insufficient resources on ${nodesText(count)}`,
  plugins: (count) => `missing plugin on ${nodesText(count)}`,
  constraints: (count) => `scheduling constraints not satisfied on ${nodesText(count)}`,
  platform: (count) => `unsupported platform on ${nodesText(count)}`,
  "host-ports": (count) => `host-mode port already in use on ${nodesText(count)}`,
  "max-replicas": () => "max replicas per node limit exceed",
};

/**
 * Why none of the nodes takes the task: each node is counted once, at the first filter that refuses
 * it; the most frequent reason comes first, equal ones in the order of the filters. Empty when some
 * node would take it, or when there are no nodes.
 */
export const refusalText = (
  nodes: Iterable<NodeLoad>,
  demand: Demand,
  requirement: Requirement,
): string => {
  const counts = new Map<FilterName, number>(filters.map(({ name }) => [name, 0]));
  for (const load of nodes) {
    const name = firstRefusal(load, demand, requirement);
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => texts[name](count))
    .join("; ");
};

/** The error text of a task that no node takes. */
export const noSuitableNode = (reasons: string): string =>
  reasons === "" ? "no suitable node" : `no suitable node (${reasons})`;
