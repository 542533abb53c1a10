import type { NetworkEndpoint, PublishedPort } from "@skein/model";
import type { LiveNetwork } from "./tables/live-network.ts";
import type { Family } from "./addresses.ts";
import { canonical, canonicalSubnet, familyOf } from "./addresses.ts";
import { affinitySlots } from "./affinity.ts";
import { portChoice } from "./ruleset.ts";
import type { StateBuilder } from "./state-builder.ts";

interface Target {
  readonly family: Family;
  /** Ingress addresses of the tasks. */
  readonly tasks: readonly string[];
}

const planFamily = (
  builder: StateBuilder,
  port: PublishedPort,
  { family, tasks }: Target,
): void => {
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

/** The routing mesh: a published port of this node leads to tasks on the ingress network. */
export const planPort = (
  builder: StateBuilder,
  port: PublishedPort,
  { ingress, nodeId }: { readonly ingress: LiveNetwork; readonly nodeId: string },
): void => {
  const tasks = ingress
    .activeOf(port.serviceId)
    .filter((task) => !port.localOnly || task.nodeId === nodeId);
  for (const family of new Set(ingress.head.subnets.map(({ gateway }) => familyOf(gateway))))
    planFamily(builder, port, {
      family,
      tasks: tasks.flatMap(({ addresses }) => {
        const address = addresses.find((one) => familyOf(one) === family);
        return address === undefined ? [] : [canonical(address)];
      }),
    });
};

/** The subnets that a task of the mesh shares with clients here. */
export const planShared = (
  builder: StateBuilder,
  task: NetworkEndpoint,
  networks: Iterable<LiveNetwork>,
): void => {
  for (const { head, endpoints } of networks) {
    if (head.ingress || !endpoints.has(task.id)) continue;
    for (const subnet of head.subnets.map((one) => canonicalSubnet(one.subnet)))
      for (const address of task.addresses)
        if (familyOf(address) === familyOf(subnet))
          builder[familyOf(address)].add("shared", `${subnet} . ${canonical(address)}`);
  }
};
