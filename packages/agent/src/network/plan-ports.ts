import type { NetworkEndpoint, NetworkTable, NetworkTables, PublishedPort } from "@skein/model";
import type { Family } from "./addresses.ts";
import { canonical, canonicalSubnet, familyOf } from "./addresses.ts";
import { affinitySlots } from "./affinity.ts";
import { activeTasks } from "./plan-vips.ts";
import { portChoice } from "./ruleset.ts";
import type { StateBuilder } from "./state-builder.ts";

interface Target {
  readonly family: Family;
  /** Ingress addresses of the tasks. */
  readonly tasks: readonly string[];
}

const planPort = (builder: StateBuilder, port: PublishedPort, { family, tasks }: Target): void => {
  if (tasks.length === 0) return;
  const table = builder[family];
  const slots = port.clientAffinity ? affinitySlots(tasks) : tasks;
  const verdict = table.choose(portChoice(family, slots.length, port.clientAffinity));
  const key = `${port.protocol} . ${port.port}`;
  const addresses = port.addresses.map(canonical);
  if (port.addresses.length === 0) table.add("ports", key, verdict);
  for (const address of addresses)
    if (familyOf(address) === family) table.add("ports_at", `${address} . ${key}`, verdict);
  for (const [slot, task] of slots.entries()) table.add("port_backends", `${key} . ${slot}`, task);
  table.add("target_ports", key, String(port.targetPort));
};

/** The subnets, other than the ingress network's, in which each task is. By task. */
const otherSubnets = (
  networks: readonly NetworkTable[],
): ReadonlyMap<string, readonly string[]> => {
  const subnets = new Map<string, string[]>();
  for (const network of networks.filter(({ ingress }) => !ingress))
    for (const { id } of network.endpoints) {
      const known = subnets.get(id) ?? [];
      subnets.set(id, [...known, ...network.subnets.map(({ subnet }) => canonicalSubnet(subnet))]);
    }
  return subnets;
};

const planShared = (
  builder: StateBuilder,
  networks: readonly NetworkTable[],
  tasks: readonly NetworkEndpoint[],
): void => {
  const subnets = otherSubnets(networks);
  for (const { id, addresses } of tasks)
    for (const subnet of subnets.get(id) ?? [])
      for (const address of addresses)
        if (familyOf(address) === familyOf(subnet))
          builder[familyOf(address)].add("shared", `${subnet} . ${canonical(address)}`);
};

/** The routing mesh: every published port of this node leads to tasks on the ingress network. */
export const planPorts = (
  builder: StateBuilder,
  { networks, ports }: Pick<NetworkTables, "networks" | "ports">,
  nodeId: string,
): void => {
  const ingress = networks.find((network) => network.ingress);
  if (!ingress) return;
  const byService = activeTasks(ingress);
  const families = new Set(ingress.subnets.map(({ gateway }) => familyOf(gateway)));
  const used = new Set<NetworkEndpoint>();
  for (const port of ports) {
    const tasks = (byService.get(port.serviceId) ?? []).filter(
      (task) => !port.localOnly || task.nodeId === nodeId,
    );
    for (const task of tasks) used.add(task);
    for (const family of families)
      planPort(builder, port, {
        family,
        tasks: tasks.flatMap(({ addresses }) => {
          const address = addresses.find((one) => familyOf(one) === family);
          return address === undefined ? [] : [canonical(address)];
        }),
      });
  }
  planShared(builder, networks, [...used]);
};
