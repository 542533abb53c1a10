import type { Task } from "@skein/model";
import { isTerminal } from "@skein/model";
import { startDueTasks, startOf } from "./delayed-start.ts";
import { clearSlot, nodeSlots } from "./global.ts";
import { constraintsOf, isLost, meetsAll } from "./node-fitness.ts";
import type { Reconciliation } from "./reconciliation.ts";
import { mayRestart, restartTimes } from "./restart-policy.ts";
import type { Slot } from "./slots.ts";
import { endedByItself, groupTasks, isAlive } from "./slots.ts";

/** Where a slot of a job stands after its lost and ended tasks have been dealt with. */
type JobSlotState = "running" | "done" | "given up" | "free";

const ofIteration = (work: Reconciliation, slot: Slot): readonly Task[] =>
  slot.tasks.filter((task) => (task.jobIteration ?? 0) === work.iteration);

/** It ended well: also if it was asked to stop meanwhile, as on a node that was thought to be lost. */
const isDone = (task: Task): boolean =>
  task.status.state === "complete" && task.desiredState !== "remove";

/** One completion per slot counts. A replacement is not needed any more, or its record is too many. */
const dropSpares = (work: Reconciliation, slot: Slot, done: Task): void => {
  for (const task of ofIteration(work, slot)) {
    if (task.id === done.id) continue;
    if (isDone(task)) work.stop(slot, task, "surplus", "remove");
    else if (isAlive(task)) work.stop(slot, task, "surplus");
  }
};

/**
 * Stops what remains of older iterations. Records of a replicated job's finished tasks stay as its
 * history, those of a global job go (behaviour.md, section 7).
 */
const retireOldIterations = (work: Reconciliation, slot: Slot, all: boolean): void => {
  for (const task of slot.tasks) {
    if ((task.jobIteration ?? 0) === work.iteration || task.desiredState === "remove") continue;
    if (all || !isTerminal(task.status.state)) work.stop(slot, task, "service", "remove");
  }
};

const restart = (work: Reconciliation, slot: Slot, task: Task, canPlace: boolean): void => {
  const { replaceAt, startAt } = restartTimes(work, task);
  if (replaceAt > work.tx.now) {
    work.wake(replaceAt);
    return;
  }
  work.stop(slot, task, canPlace ? "restarted" : "node");
  if (canPlace) work.create(slot, { ...startOf(work, slot, startAt), restartOf: task.id });
};

/**
 * Deals with tasks that lost their node or ended, and says what the slot needs. `canPlace` false:
 * the slot's node takes no new task.
 */
const settle = (work: Reconciliation, slot: Slot, canPlace = true): JobSlotState => {
  const done = ofIteration(work, slot).find(isDone);
  if (done) {
    dropSpares(work, slot, done);
    return "done";
  }
  for (const task of ofIteration(work, slot)) {
    if (!isAlive(task)) continue;
    if (!endedByItself(task)) {
      if (isLost(work.tx, task)) work.stop(slot, task, "node");
    } else if (mayRestart(work, slot, task)) restart(work, slot, task, canPlace);
    else work.stop(slot, task, "ended");
  }
  startDueTasks(work, slot);
  const tasks = ofIteration(work, slot);
  if (tasks.some(isAlive)) return "running";
  return tasks.at(-1)?.stopReason === "ended" ? "given up" : "free";
};

const begin = (work: Reconciliation, slot: Slot): void => {
  work.create(slot, startOf(work, slot, work.tx.now));
};

/**
 * A replicated job: slots from 0, at most `MaxConcurrent` at a time, until `TotalCompletions` have
 * ended well. A slot that its restart policy gave up stays given up in this iteration.
 */
export const reconcileReplicatedJob = (work: Reconciliation): void => {
  const mode = work.service.spec.Mode.ReplicatedJob ?? {};
  const concurrent = mode.MaxConcurrent ?? 1;
  const total = mode.TotalCompletions ?? concurrent;
  const groups = groupTasks(work.tx.tasksOfService(work.service.id).values(), ({ slot }) =>
    String(slot),
  );
  const slots: Slot[] = [];
  for (let number = 0; number < total; number += 1) {
    const key = String(number);
    slots.push({ key, number, tasks: groups.get(key) ?? [] });
    groups.delete(key);
  }
  for (const [key, tasks] of groups)
    retireOldIterations(work, { key, number: Number(key), tasks }, false);
  const free: Slot[] = [];
  let running = 0;
  for (const slot of slots) {
    retireOldIterations(work, slot, false);
    const state = settle(work, slot);
    if (state === "running") running += 1;
    if (state === "free") free.push(slot);
  }
  for (const slot of free.slice(0, Math.max(0, concurrent - running))) begin(work, slot);
};

/** A global job: one task on each node that is ready and active and meets its constraints. */
export const reconcileGlobalJob = (work: Reconciliation): void => {
  const constraints = constraintsOf(work.service);
  for (const slot of nodeSlots(work)) {
    retireOldIterations(work, slot, true);
    const node = slot.nodeId === undefined ? undefined : work.tx.get("nodes", slot.nodeId);
    if (!node) {
      clearSlot(work, slot, node);
      continue;
    }
    const ready = node.status.state === "ready" && node.spec.Availability === "active";
    const canPlace = ready && meetsAll(constraints, node);
    if (settle(work, slot, canPlace) === "free" && canPlace) begin(work, slot);
  }
};
