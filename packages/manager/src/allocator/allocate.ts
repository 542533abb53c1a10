import type { Network, Task, TaskNetwork } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { Transaction } from "@skein/store";
import type { AddressAllocator } from "./addresses.ts";
import { networksOfSpec } from "../networks/needs.ts";

/** What a task waits for once it has what it needs besides a node. */
const PENDING_MESSAGE = "pending task scheduling";

const exhaustedText = (network: Network): string => {
  const subnets = network.subnets.map(({ subnet }) => subnet).join(", ");
  return `no address is left in network ${network.name} (${subnets})`;
};

/** The task's addresses, or the network that has none left. */
const takeAddresses = (
  tx: Transaction,
  task: Task,
  allocator: AddressAllocator,
): { readonly networks: readonly TaskNetwork[]; readonly exhausted?: Network } => {
  const version = tx.get("specs", specVersionId(task.serviceId, task.specVersion));
  const networks: TaskNetwork[] = [];
  for (const { network, aliases } of version ? networksOfSpec(tx, version) : []) {
    const addresses = allocator.take(tx, network);
    if (!addresses) return { networks: [], exhausted: network };
    networks.push({ networkId: network.id, addresses, aliases });
  }
  return { networks };
};

/** False when the task has to wait. */
const allocateTask = (tx: Transaction, task: Task, allocator: AddressAllocator): boolean => {
  const { networks, exhausted } = takeAddresses(tx, task, allocator);
  if (exhausted) {
    const err = exhaustedText(exhausted);
    if (task.status.err !== err) tx.put("tasks", { ...task, status: { ...task.status, err } });
    return false;
  }
  tx.put("tasks", {
    ...task,
    ...(networks.length > 0 ? { networks } : {}),
    status: { state: "pending", timestamp: tx.now, message: PENDING_MESSAGE },
    appliedAt: tx.now,
  });
  return true;
};

/**
 * Gives new tasks their addresses and makes them ready for the scheduler (new to pending). One for
 * which a network has no address left stays new, and says so in its error; these are returned, to
 * be tried again.
 */
export const allocateTasks = (
  tx: Transaction,
  tasks: Iterable<Task>,
  allocator: AddressAllocator,
): readonly string[] => {
  const waiting: string[] = [];
  for (const task of tasks)
    if (task.status.state === "new" && !allocateTask(tx, task, allocator)) waiting.push(task.id);
  return waiting;
};
