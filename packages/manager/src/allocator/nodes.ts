import { deepEqual } from "@skein/base";
import type { Network, NetworkAddresses, Node } from "@skein/model";
import { compareStates, isTerminal } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { AddressAllocator } from "./addresses.ts";
import { attachmentsOfNode } from "../networks/attachments.ts";
import { ingressNetwork } from "../networks/needs.ts";

/**
 * Ids of the networks that a node must have: those of its tasks that have not ended, those of its
 * containers outside of services, and ingress.
 */
const networksOfNode = (view: View, node: Node): ReadonlySet<string> => {
  const ids = new Set<string>();
  for (const task of view.tasksOfNode(node.id).values())
    if (!isTerminal(task.status.state))
      for (const { networkId } of task.networks ?? []) ids.add(networkId);
  for (const { networks } of attachmentsOfNode(view, node.id))
    for (const { networkId } of networks) ids.add(networkId);
  const ingress = ingressNetwork(view);
  if (ingress) ids.add(ingress.id);
  return new Set([...ids].toSorted());
};

/** Tasks that can't start because their node got no gateway say so. */
const tellTasks = (tx: Transaction, node: Node, network: Network): void => {
  const subnets = network.subnets.map(({ subnet }) => subnet).join(", ");
  const err = `no address is left in network ${network.name} (${subnets}) for this node`;
  for (const task of tx.tasksOfNode(node.id).values()) {
    const waits = compareStates(task.status.state, "running") < 0 && task.status.err !== err;
    if (waits && task.networks?.some(({ networkId }) => networkId === network.id))
      tx.put("tasks", { ...task, status: { ...task.status, err } });
  }
};

/**
 * Gives a node a gateway address on each network that it must have, and takes back the others. False
 * when a network has no address left: the node's tasks there say so, and it has to be tried again.
 */
export const attachNode = (tx: Transaction, node: Node, allocator: AddressAllocator): boolean => {
  const before = node.attachments ?? [];
  let complete = true;
  const attachments = [...networksOfNode(tx, node)].flatMap((networkId): NetworkAddresses[] => {
    const kept = before.find((held) => held.networkId === networkId);
    if (kept) return [kept];
    const network = tx.get("networks", networkId);
    if (!network) return [];
    const addresses = allocator.take(tx, network);
    if (addresses) return [{ networkId, addresses }];
    complete = false;
    tellTasks(tx, node, network);
    return [];
  });
  if (!deepEqual(attachments, before)) tx.put("nodes", { ...node, attachments });
  return complete;
};
