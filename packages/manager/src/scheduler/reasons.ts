import type { FilterName } from "./filters.ts";
import { filters } from "./filters.ts";

const nodesText = (count: number): string => (count === 1 ? "1 node" : `${count} nodes`);

/** The reference's texts: clients and people know them (behaviour.md, 12.11). */
const texts: Readonly<Record<FilterName, (count: number) => string>> = {
  ready: (count) => `${nodesText(count)} not available for new tasks`,
  resources: (count) => `insufficient resources on ${nodesText(count)}`,
  plugins: (count) => `missing plugin on ${nodesText(count)}`,
  constraints: (count) => `scheduling constraints not satisfied on ${nodesText(count)}`,
  platform: (count) => `unsupported platform on ${nodesText(count)}`,
  encryption: (count) => `no IPsec ESP for encrypted networks on ${nodesText(count)}`,
  "host-ports": (count) => `host-mode port already in use on ${nodesText(count)}`,
  "max-replicas": () => "max replicas per node limit exceed",
};

/**
 * Why no node takes the task. `counts` says how many nodes each filter was the first to refuse, in
 * the order of {@link filters}. The most frequent reason comes first, equal ones in that order.
 */
export const refusalText = (counts: readonly number[]): string =>
  filters
    .map(({ name }, index) => ({ name, count: counts[index] ?? 0 }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count)
    .map(({ name, count }) => texts[name](count))
    .join("; ");

/** The error text of a task that no node takes. */
export const noSuitableNode = (reasons: string): string =>
  reasons === "" ? "no suitable node" : `no suitable node (${reasons})`;
