import type { Node } from "@skein/model";
import type { View } from "@skein/store";
import { constraintsOf, isGone, meetsAll, mustLeave } from "./node-fitness.ts";
import type { Reconciliation } from "./reconciliation.ts";
import { repair } from "./repair.ts";
import { rollingUpdate } from "./rolling-update.ts";
import type { Slot } from "./slots.ts";
import { groupTasks, isAlive } from "./slots.ts";
import { watchUpdate } from "./update-failures.ts";

/** A slot for each node that is known or has tasks, in the order of node ids. */
export const nodeSlots = (work: Reconciliation): readonly Slot[] => {
  const { tx, service } = work;
  const groups = groupTasks(tx.tasksOfService(service.id).values(), ({ nodeId }) => nodeId ?? "");
  const ids = new Set([...tx.all("nodes").keys(), ...groups.keys()]);
  return [...ids]
    .toSorted()
    .map((nodeId) => ({ key: nodeId, number: 0, nodeId, tasks: groups.get(nodeId) ?? [] }));
};

/** Asks every task on a node to stop that may not stay; records of lost nodes go as well. */
export const clearSlot = (work: Reconciliation, slot: Slot, node: Node | undefined): void => {
  const reason = mustLeave(node) ? "node" : "surplus";
  const desired = node ? "shutdown" : "remove";
  for (const task of slot.tasks)
    if (node ? isAlive(task) : task.desiredState !== "remove")
      work.stop(slot, task, reason, desired);
};

const nodeOf = (view: View, slot: Slot): Node | undefined =>
  slot.nodeId === undefined ? undefined : view.get("nodes", slot.nodeId);

/**
 * A global service: one task on each active node that meets its constraints (behaviour.md, section
 * 6). A paused node keeps its task, but gets no new one, not even for an update.
 */
export const reconcileGlobal = (work: Reconciliation): void => {
  const constraints = constraintsOf(work.service);
  const slots = nodeSlots(work);
  if (watchUpdate(work, slots) === "rolled back") {
    work.wake(work.tx.now);
    return;
  }
  const placeable: Slot[] = [];
  for (const slot of slots) {
    const node = nodeOf(work.tx, slot);
    const fits = node !== undefined && meetsAll(constraints, node);
    const active = fits && !isGone(node) && node.spec.Availability === "active";
    if (fits) repair(work, slot, active);
    else clearSlot(work, slot, node);
    if (active) placeable.push(slot);
  }
  rollingUpdate(work, placeable);
};
