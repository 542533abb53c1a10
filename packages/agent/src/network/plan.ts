import type { NetworkTables } from "@skein/model";
import type { LiveNetwork } from "./tables/live-network.ts";
import { liveTables } from "./tables/live-tables.ts";
import { portRecord } from "./tables/records.ts";
import type { KernelState } from "./kernel-state.ts";
import type { NodeFacts } from "./node-facts.ts";
import { Planner } from "./planner.ts";

/** A network that this node cannot have, and why. It gets nothing: no traffic in the clear. */
export interface PlanProblem {
  readonly networkId: string;
  readonly reason: string;
}

export interface DataplanePlan {
  readonly state: KernelState;
  readonly problems: readonly PlanProblem[];
}

/** Why this node cannot have a network; undefined when it can. */
export const problemOf = (
  { head }: LiveNetwork,
  { keys }: { readonly keys?: NetworkTables["keys"] | undefined },
  { deriveKey }: Pick<NodeFacts, "deriveKey">,
): PlanProblem | undefined => {
  if (!head.encrypted || (keys && deriveKey)) return undefined;
  const lack = deriveKey
    ? "the cluster's keys have not come yet"
    : "this node's kernel has no IPsec ESP";
  return { networkId: head.id, reason: `the network is encrypted, and ${lack}` };
};

/**
 * The complete state of the kernel for what managers told this node. Depends on nothing else, so that
 * the same tables give the same state, whatever was there before.
 */
export const planDataplane = (tables: NetworkTables, facts: NodeFacts): DataplanePlan => {
  const live = liveTables(tables, facts.nodeId);
  const networks = [...live.networks.values()];
  const planner = new Planner();
  const usable = networks.filter((network) => !problemOf(network, tables, facts));
  planner.update({ tables: live, usable, facts }, [...live.ports.keys()].map(portRecord));
  return {
    state: planner.state,
    problems: networks.flatMap((network) => problemOf(network, tables, facts) ?? []),
  };
};
