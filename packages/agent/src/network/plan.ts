import type { NetworkTable, NetworkTables } from "@skein/model";
import type { Family } from "./addresses.ts";
import { FAMILIES, familyOf } from "./addresses.ts";
import { forwardRules } from "./forward-rules.ts";
import type { KernelState } from "./kernel-state.ts";
import type { NodeFacts } from "./node-facts.ts";
import { planNetwork } from "./plan-network.ts";
import { planPorts } from "./plan-ports.ts";
import { planVips } from "./plan-vips.ts";
import { StateBuilder } from "./state-builder.ts";

/** A network that this node cannot have, and why. It gets nothing: no traffic in the clear. */
export interface PlanProblem {
  readonly networkId: string;
  readonly reason: string;
}

export interface DataplanePlan {
  readonly state: KernelState;
  readonly problems: readonly PlanProblem[];
}

const ENCRYPTED =
  "encrypted networks need IPsec ESP with keys of the cluster, which this node does not have";

const familiesOf = (networks: readonly NetworkTable[]): ReadonlySet<Family> =>
  new Set(networks.flatMap(({ subnets }) => subnets.map(({ gateway }) => familyOf(gateway))));

const planHost = (builder: StateBuilder, families: ReadonlySet<Family>): void => {
  const { sysctls } = builder.state;
  if (families.has("ip")) sysctls.set("net/ipv4/ip_forward", "1");
  if (families.has("ip6")) sysctls.set("net/ipv6/conf/all/forwarding", "1");
};

/**
 * The complete state of the kernel for what managers told this node. Depends on nothing else, so that
 * the same tables give the same state, whatever was there before.
 */
export const planDataplane = (tables: NetworkTables, facts: NodeFacts): DataplanePlan => {
  const builder = new StateBuilder();
  const networks = tables.networks.filter(({ encrypted }) => !encrypted);
  const families = familiesOf(networks);
  for (const network of networks) {
    planNetwork(builder, network, { tables, facts });
    planVips(builder, network);
  }
  planPorts(builder, { ...tables, networks }, facts.nodeId);
  planHost(builder, families);
  for (const family of FAMILIES)
    if (families.has(family))
      builder.state.filters.set(family, {
        hooked: true,
        rules: forwardRules([...builder.state.bridges.keys()]),
      });
  for (const [name, port] of facts.ports)
    if (port.bridge !== undefined && builder.state.bridges.has(port.bridge))
      builder.state.ports.set(name, { ...port, hairpin: true });
  return {
    state: builder.build(families),
    problems: tables.networks
      .filter(({ encrypted }) => encrypted)
      .map(({ id }) => ({ networkId: id, reason: ENCRYPTED })),
  };
};
