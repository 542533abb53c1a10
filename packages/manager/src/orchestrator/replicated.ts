import type { Reconciliation } from "./reconciliation.ts";
import { repair } from "./repair.ts";
import { rollingUpdate } from "./rolling-update.ts";
import { slotsToKeep } from "./scale-down.ts";
import type { Slot } from "./slots.ts";
import { groupTasks } from "./slots.ts";
import { watchUpdate } from "./update-failures.ts";

/** A replicated service: as many slots as replicas, numbered from 1 (behaviour.md, section 5). */
export const reconcileReplicated = (work: Reconciliation): void => {
  const slots = scale(work, allSlots(work), work.service.spec.Mode.Replicated?.Replicas ?? 1);
  if (watchUpdate(work, slots) === "rolled back") {
    work.wake(work.tx.now);
    return;
  }
  for (const slot of slots) repair(work, slot);
  rollingUpdate(work, slots);
};

const allSlots = (work: Reconciliation): readonly Slot[] => {
  const tasks = work.tx.tasksOfService(work.service.id).values();
  return [...groupTasks(tasks, (task) => String(task.slot))]
    .map(([key, group]) => ({ key, number: Number(key), tasks: group }))
    .toSorted((a, b) => a.number - b.number);
};

/** A slot whose tasks are all to be removed is free: its number can be used again. */
const isInUse = (slot: Slot): boolean => slot.tasks.some((task) => task.desiredState !== "remove");

/** The slots that the service shall have; those to be added are still empty. */
const scale = (work: Reconciliation, slots: readonly Slot[], replicas: number): readonly Slot[] => {
  const inUse = slots.filter(isInUse);
  if (inUse.length > replicas) {
    const keep = slotsToKeep(work, inUse, replicas);
    for (const slot of inUse) if (!keep.has(slot)) removeSlot(work, slot);
    return inUse.filter((slot) => keep.has(slot));
  }
  return [...inUse, ...freeSlots(slots, replicas - inUse.length)];
};

const removeSlot = (work: Reconciliation, slot: Slot): void => {
  for (const task of slot.tasks)
    if (task.desiredState !== "remove") work.stop(slot, task, "surplus", "remove");
};

/** The `count` lowest slots that are not in use; a number's stopping tasks come along. */
const freeSlots = (slots: readonly Slot[], count: number): readonly Slot[] => {
  const byNumber = new Map(slots.map((slot) => [slot.number, slot]));
  const free: Slot[] = [];
  for (let number = 1; free.length < count; number += 1) {
    const slot = byNumber.get(number) ?? { key: String(number), number, tasks: [] };
    if (!isInUse(slot)) free.push(slot);
  }
  return free;
};
