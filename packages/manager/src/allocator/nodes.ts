import { deepEqual } from "@skein/base";
import type { Logger } from "@skein/base";
import type { NetworkAddresses, Node } from "@skein/model";
import { isTerminal } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { AddressAllocator } from "./addresses.ts";
import { ingressNetwork } from "../networks/needs.ts";

/** Ids of the networks that a node must have: those of its tasks that have not ended, and ingress. */
const networksOfNode = (view: View, node: Node): ReadonlySet<string> => {
  const ids = new Set<string>();
  for (const task of view.tasksOfNode(node.id).values())
    if (!isTerminal(task.status.state))
      for (const { networkId } of task.networks ?? []) ids.add(networkId);
  const ingress = ingressNetwork(view);
  if (ingress) ids.add(ingress.id);
  return new Set([...ids].toSorted());
};

/**
 * Gives a node a gateway address on each network that it must have, and takes back the others. A
 * network without an address left is told in the log; the node's tasks there wait.
 */
export const attachNode = (
  tx: Transaction,
  node: Node,
  allocator: AddressAllocator,
  logger: Logger,
): void => {
  const before = node.attachments ?? [];
  const attachments = [...networksOfNode(tx, node)].flatMap((networkId): NetworkAddresses[] => {
    const kept = before.find((held) => held.networkId === networkId);
    if (kept) return [kept];
    const network = tx.get("networks", networkId);
    const addresses = network && allocator.take(tx, network);
    if (addresses) return [{ networkId, addresses }];
    logger.warn("no gateway address is left", { networkId, nodeId: node.id });
    return [];
  });
  if (deepEqual(attachments, before)) return;
  tx.put("nodes", { ...node, attachments });
};
