import type { Task } from "@skein/model";
import { isTerminal, specVersionId } from "@skein/model";
import type { Change } from "@skein/store";
import type { Mirror } from "./mirror.ts";

/** Addresses that a network may keep for itself, such as one for a node that comes. */
const SPARE = 3;

/** An address without the size of its subnet. */
const bare = (address: string): string => address.split("/")[0] ?? "";

/** Whether the change could have given somebody an address. */
export const concernsAddresses = (change: Change): boolean => {
  if (change.table === "tasks") return change.before?.networks !== change.after?.networks;
  if (change.table === "nodes") return change.before?.attachments !== change.after?.attachments;
  if (change.table === "attachments") return change.before?.networks !== change.after?.networks;
  return change.table === "services" && change.before?.endpoint !== change.after?.endpoint;
};

/** Everything that holds an address: who, and `<network>/<address>`. */
const holders = (mirror: Mirror): readonly (readonly [string, string])[] => {
  const { tasks, nodes, services, networks, attachments: containers } = mirror.rows;
  const held: (readonly [string, string])[] = [];
  const add = (who: string, networkId: string, addresses: readonly string[]): void => {
    for (const address of addresses) held.push([who, `${networkId}/${bare(address)}`]);
  };
  for (const { id, subnets } of networks.values())
    for (const { gateway } of subnets) add(`gateway of ${id}`, id, [gateway]);
  for (const task of tasks.values())
    if (!isTerminal(task.status.state))
      for (const { networkId, addresses } of task.networks ?? [])
        add(`task ${task.id}`, networkId, addresses);
  for (const { id, attachments } of nodes.values())
    for (const { networkId, addresses } of attachments ?? [])
      add(`node ${id}`, networkId, addresses);
  for (const { id, networks: places } of containers.values())
    for (const { networkId, addresses } of places) add(`container ${id}`, networkId, addresses);
  for (const { id, endpoint } of services.values())
    for (const { NetworkID = "", Addr = "" } of endpoint?.VirtualIPs ?? [])
      add(`service ${id}`, NetworkID, [Addr]);
  return held;
};

/** Whether each network that the task's spec names has more than a few addresses left. */
export const freeAddresses = (mirror: Mirror, task: Task): boolean => {
  const spec = mirror.rows.specs.get(specVersionId(task.serviceId, task.specVersion));
  const held = holders(mirror).map(([, address]) => address);
  return (spec?.task.Networks ?? []).every(({ Target = "" }) => {
    const network = mirror.rows.networks.get(Target);
    const size = (network?.subnets ?? []).reduce(
      (sum, { subnet }) => sum + 2 ** (32 - Number(subnet.split("/")[1])) - 2,
      0,
    );
    return size - held.filter((address) => address.startsWith(`${Target}/`)).length > SPARE;
  });
};

/** Two that hold the same address of a network; undefined when there are none. */
export const sharedAddress = (mirror: Mirror): string | undefined => {
  const owners = new Map<string, string>();
  for (const [who, address] of holders(mirror)) {
    const other = owners.get(address);
    if (other !== undefined) return `${address} is held by ${other} and ${who}`;
    owners.set(address, who);
  }
  return undefined;
};
