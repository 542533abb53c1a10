import type { Service, Task, UpdateProgress } from "@skein/model";
import { startOf } from "./delayed-start.ts";
import type { Reconciliation } from "./reconciliation.ts";
import type { Slot } from "./slots.ts";
import { isAlive, isLive, newest, ranSince, wasAssigned } from "./slots.ts";
import type { UpdatePlan } from "./update-state.ts";
import {
  completedUpdate,
  isOfUpdate,
  isPaused,
  isUpdating,
  newUpdate,
  updatePlan,
  withWaiting,
} from "./update-state.ts";

/** The monitor period begins this much after a delay that is longer than it, in milliseconds. */
const AFTER_LONG_DELAY_MS = 1000;

/** A new task that takes longer to run than this is named in the update's message. */
const SLOW_AFTER_MS = 60_000;

/**
 * Replaces tasks of older spec versions, some slots at a time (behaviour.md, section 9). Which slots
 * are in work, cooling down or still to do is read from the tasks, so that any leader can go on.
 */
export const rollingUpdate = (work: Reconciliation, slots: readonly Slot[]): void => {
  if (isPaused(work.service)) return;
  const dirty = slots.filter((slot) => needsUpdate(work, slot));
  if (!isUpdating(work.service)) {
    if (dirty.length === 0) return;
    putUpdate(work, newUpdate(work.tx.now, dirty.length));
  }
  const plan = updatePlan(work.service);
  const busy = slots.filter((slot) => isBusy(work, slot, plan));
  countSlots(work, dirty.length + busy.length);
  if (dirty.length + busy.length === 0) {
    finish(work, plan);
    return;
  }
  const free = Math.max(0, plan.parallelism - busy.length);
  const taken = dirty.toSorted(idleFirst).slice(0, free);
  for (const slot of taken) replaceTasks(work, slot, plan);
  tellWhatItWaitsFor(work, [...busy, ...taken]);
};

const putUpdate = (work: Reconciliation, update: UpdateProgress): void =>
  work.putService({ ...work.service, update });

/** A rollback begins without knowing how many slots it has to replace. */
const countSlots = (work: Reconciliation, dirtySlots: number): void => {
  const { update } = work.service;
  if (update?.dirtySlots === 0 && dirtySlots > 0) putUpdate(work, { ...update, dirtySlots });
};

/** Only old tasks are in the slot, wanted or ended for good, and no new one has been given up. */
const needsUpdate = (work: Reconciliation, slot: Slot): boolean => {
  const wanted = slot.tasks.filter(isAlive);
  if (!wanted.every(work.isDirty)) return false;
  const last = newest(slot);
  return last?.stopReason === "ended" ? work.isDirty(last) : wanted.length > 0;
};

/** When the update was done with the task: it runs, or it ended by itself before. */
const doneAt = (task: Task): number | undefined => {
  const { stopReason } = task;
  const ended = stopReason === "ended" || stopReason === "restarted" || stopReason === "surplus";
  return ranSince(task) ?? (ended ? task.appliedAt : undefined);
};

/** When the update was done with the slot: its new task ran or ended; undefined while it is not. */
const slotDoneAt = (service: Service, slot: Slot, tasks: readonly Task[]): number | undefined => {
  const failure = service.update?.failures[slot.key];
  if (failure) return failure.at;
  const times = tasks.flatMap((task) => doneAt(task) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
};

/** A new task is on its way, or the delay after it is not over. */
const isBusy = (work: Reconciliation, slot: Slot, plan: UpdatePlan): boolean => {
  const { service, tx } = work;
  const tasks = slot.tasks.filter((task) => isOfUpdate(service, task));
  const done = slotDoneAt(service, slot, tasks);
  if (done === undefined) return tasks.some(isAlive);
  const until = done + plan.delayMs;
  if (until <= tx.now || done > tx.now) return false;
  work.wake(until);
  return true;
};

const runs = (slot: Slot): boolean =>
  slot.tasks.some((task) => isAlive(task) && task.status.state === "running");

/** Slots that do not run cost nothing to replace. */
const idleFirst = (a: Slot, b: Slot): number =>
  Number(runs(a)) - Number(runs(b)) || a.number - b.number || (a.key < b.key ? -1 : 1);

/** Start-first leaves a running old task until the new one runs; it is then stopped as surplus. */
const replaceTasks = (work: Reconciliation, slot: Slot, plan: UpdatePlan): void => {
  for (const task of slot.tasks) {
    if (!isLive(task)) continue;
    if (!plan.startFirst || task.status.state !== "running") work.stop(slot, task, "update");
  }
  const start = plan.startFirst ? {} : startOf(work, slot, work.tx.now);
  work.create(slot, { ...start, updated: true });
};

const finish = (work: Reconciliation, plan: UpdatePlan): void => {
  const { service, tx } = work;
  const { update } = service;
  if (!update) return;
  const { delayMs, monitorMs } = plan;
  const monitored = delayMs >= monitorMs ? delayMs + AFTER_LONG_DELAY_MS : monitorMs;
  const allCleanSince = Math.min(update.allCleanSince ?? tx.now, tx.now);
  const end = update.dirtySlots === 0 ? tx.now : allCleanSince + monitored;
  if (end <= tx.now) {
    putUpdate(work, completedUpdate(update, tx.now));
    return;
  }
  work.wake(end);
  const next = withWaiting({ ...update, allCleanSince }, undefined);
  if (update.allCleanSince !== allCleanSince || next.message !== update.message)
    putUpdate(work, next);
};

/** What keeps the new task from running, if it is known or takes long. */
const obstacle = (work: Reconciliation, task: Task): string | undefined => {
  if (!isLive(task) || !isOfUpdate(work.service, task) || ranSince(task) !== undefined)
    return undefined;
  if (!wasAssigned(task) && task.status.err) return task.status.err;
  const slowAt = task.createdAt + SLOW_AFTER_MS;
  if (work.tx.now >= slowAt) return `still ${task.status.state}`;
  work.wake(slowAt);
  return undefined;
};

/** An update that can't go on says so, for want of a deadline that would fit everyone. */
const tellWhatItWaitsFor = (work: Reconciliation, inWork: readonly Slot[]): void => {
  const { update } = work.service;
  if (!update) return;
  const reasons = inWork.flatMap(({ tasks }) =>
    tasks.flatMap((task) => {
      const err = obstacle(work, task);
      return err === undefined ? [] : [{ taskId: task.id, err }];
    }),
  );
  const { allCleanSince: _, ...rest } = update;
  const next = withWaiting(rest, reasons[0]);
  if (update.allCleanSince !== undefined || next !== rest) putUpdate(work, next);
};
