import type { Node, Task } from "@skein/model";
import { isDesiredAlive } from "@skein/model";
import type { View } from "@skein/store";

/** Runs, is healthy, and is not about to be stopped. */
const isSound = ({ status, desiredState }: Task): boolean =>
  status.state === "running" && isDesiredAlive(desiredState);

/**
 * Whether the task may still serve although another takes its place: it was running when its node was
 * missed, and nobody has asked for its end but for that.
 */
export const mayServe = ({ status, desiredState, stopReason }: Task): boolean =>
  status.state === "running" && desiredState === "shutdown" && stopReason === "node";

/** Nobody has heard from the node. One that is drained is to be left, heard of or not. */
export const isMissed = (node: Node | undefined): boolean =>
  node?.status.state === "down" && node.spec.Availability !== "drain";

const isOn = ({ networks }: Task, network: string): boolean =>
  networks?.some(({ networkId }) => networkId === network) === true;

/** Whether `other` came after `task` in its slot, and has been seen to run. */
const hasSucceeded = (other: Task, task: Task): boolean =>
  other.slot === task.slot &&
  (task.slot !== 0 || other.nodeId === task.nodeId) &&
  (other.ordinal ?? 0) > (task.ordinal ?? 0) &&
  other.runningSince !== undefined;

/** A task of a missed node of which there is no better: a service is not without tasks because its nodes are not heard. */
const isLastResort = (view: View, network: string, task: Task): boolean => {
  if (!mayServe(task) || !isMissed(view.get("nodes", task.nodeId ?? ""))) return false;
  for (const other of view.tasksOfService(task.serviceId).values())
    if ((isSound(other) && isOn(other, network)) || hasSucceeded(other, task)) return false;
  return true;
};

/**
 * Whether names, VIPs and published ports lead to a task on a network: it runs, is healthy and is not about
 * to be stopped; or its node is missed, and no other task of the service is like that.
 */
export const isActive = (view: View, network: string, task: Task): boolean =>
  isSound(task) || isLastResort(view, network, task);

/** The tasks of a service on nodes that are missed; what is done to others may change whether they are active. */
export const missedTasks = (view: View): ReadonlyMap<string, readonly Task[]> => {
  const found = new Map<string, Task[]>();
  for (const node of view.all("nodes").values()) {
    if (!isMissed(node)) continue;
    for (const task of view.tasksOfNode(node.id).values())
      if (mayServe(task)) found.set(task.serviceId, [...(found.get(task.serviceId) ?? []), task]);
  }
  return found;
};
