import type { Node, Task } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import { attachmentsOfNode, releaseAttachments } from "../networks/attachments.ts";
import { constraintsOf, isGone, meetsAll } from "../orchestrator/node-fitness.ts";
import { EVICTED_ERROR } from "../orchestrator/settle.ts";
import { byAge, isLive, wasAssigned } from "../orchestrator/slots.ts";
import type { PlanOutcome } from "../ports.ts";
import { Remainder } from "./reservations.ts";

/** Tasks of a node that is down this long are given up as orphaned, in milliseconds. */
export const ORPHAN_AFTER_MS: number = 24 * 3600 * 1000;

/**
 * Looks after the tasks of one node. On an active node, tasks whose constraints or reservations the
 * node no longer meets are asked to stop (behaviour.md, section 11); it shows in their status. Tasks
 * of a node that has been down for 24 hours become orphaned, and its other containers lose their
 * addresses; those of a node that was removed lose them at once.
 */
export const enforceNode = (tx: Transaction, nodeId: string): PlanOutcome => {
  const node = tx.get("nodes", nodeId);
  if (!node) {
    releaseAttachments(tx, nodeId);
    return {};
  }
  if (isGone(node)) return giveUp(tx, node);
  if (node.spec.Availability === "active") evictTasks(tx, node);
  return {};
};

const giveUp = (tx: Transaction, node: Node): PlanOutcome => {
  const tasks = [...tx.tasksOfNode(node.id).values()].filter(mayRun);
  if (tasks.length + attachmentsOfNode(tx, node.id).length === 0) return {};
  const due = (node.downSince ?? tx.now) + ORPHAN_AFTER_MS;
  if (tx.now < due) return { wakeAt: due };
  for (const task of tasks)
    tx.put("tasks", {
      ...task,
      status: { ...task.status, state: "orphaned" },
      appliedAt: tx.now,
    });
  releaseAttachments(tx, node.id);
  return {};
};

const states = new Set(["assigned", "accepted", "preparing", "ready", "starting", "running"]);

/** The agent may have a container for it. */
const mayRun = (task: Task): boolean => states.has(task.status.state);

const evictTasks = (tx: Transaction, node: Node): void => {
  const tasks = [...tx.tasksOfNode(node.id).values()];
  const remainder = new Remainder(node);
  for (const task of tasks.filter((each) => isLive(each) && wasAssigned(each)).toSorted(byAge))
    if (!meetsConstraints(tx, node, task) || !remainder.take(tx, task)) evict(tx, task);
};

/**
 * By the service's present constraints. A task of an older spec version is the rolling update's
 * business: it replaces the task in its turn.
 */
const meetsConstraints = (view: View, node: Node, task: Task): boolean => {
  const service = view.get("services", task.serviceId);
  if (!service || service.specVersion !== task.specVersion) return true;
  return meetsAll(constraintsOf(service), node);
};

const evict = (tx: Transaction, task: Task): void => {
  const { start: _, ...rest } = task;
  tx.put("tasks", {
    ...rest,
    desiredState: "shutdown",
    stopReason: "constraints",
    status: { ...task.status, err: EVICTED_ERROR },
  });
};
