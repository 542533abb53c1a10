import type { Task } from "@skein/model";
import { compareStates } from "@skein/model";
import { startDueTasks, startOf } from "./delayed-start.ts";
import { isLost } from "./node-fitness.ts";
import type { Reconciliation } from "./reconciliation.ts";
import { mayRestart, restartTimes } from "./restart-policy.ts";
import type { Slot } from "./slots.ts";
import { byAge, endedByItself, isAlive, isLive, newest, ranSince } from "./slots.ts";
import { isOfUpdate, isPaused, isUpdating } from "./update-state.ts";

/**
 * Brings one slot of a service that runs on to exactly one wanted task, or two while a start-first
 * update is on its way. `canPlace` false: nothing new may begin here (a paused node).
 *
 * - A task that ended by itself is replaced as its restart policy says, after the policy's delay.
 * - A task whose node is down, drained or gone is replaced at once and whatever the policy says:
 *   it did not end by itself.
 */
export const repair = (work: Reconciliation, slot: Slot, canPlace = true): void => {
  if (isSound(work, slot)) return;
  for (const task of slot.tasks)
    if (isAlive(task) && !endedByItself(task) && isLost(work.tx, task))
      work.stop(slot, task, "node");
  stopSurplus(work, slot);
  const ended = slot.tasks.filter(endedByItself);
  for (const task of ended) settleEnded(work, slot, task, canPlace);
  if (canPlace && !slot.tasks.some(isAlive)) refill(work, slot);
  startDueTasks(work, slot);
};

/** The usual case: one task, wanted, without trouble. */
const isSound = (work: Reconciliation, { tasks }: Slot): boolean => {
  const task = tasks[0];
  return (
    task !== undefined &&
    tasks.length === 1 &&
    task.desiredState === work.goal &&
    isLive(task) &&
    !isLost(work.tx, task)
  );
};

/** Whether a task that replaces `task` belongs to the running update as that one did. */
const inheritsUpdate = (work: Reconciliation, task: Task): boolean =>
  isUpdating(work.service) &&
  (work.isDirty(task) || (isOfUpdate(work.service, task) && ranSince(task) === undefined));

const settleEnded = (work: Reconciliation, slot: Slot, task: Task, canPlace: boolean): void => {
  const others = slot.tasks.filter(isLive);
  // Start-first left the old task in place: while the update is paused that one is enough.
  const filled = others.some((other) => !work.isDirty(other)) || isPaused(work.service);
  if (others.length > 0 && filled) {
    work.stop(slot, task, "surplus");
    return;
  }
  if (!mayRestart(work, slot, task)) {
    work.stop(slot, task, "ended");
    return;
  }
  const { replaceAt, startAt } = restartTimes(work, task);
  const dirty = work.isDirty(task);
  if (!dirty && replaceAt > work.tx.now) {
    work.wake(replaceAt);
    return;
  }
  work.stop(slot, task, canPlace ? "restarted" : "node");
  if (!canPlace) return;
  const sameVersion = task.specVersion === work.service.specVersion;
  work.create(slot, {
    ...startOf(work, slot, dirty ? work.tx.now : startAt),
    ...(sameVersion ? { restartOf: task.id } : {}),
    ...(others.length > 0 || inheritsUpdate(work, task) ? { updated: true } : {}),
  });
};

/** Gives an empty slot a task, unless its last one ended for good and still fills it. */
const refill = (work: Reconciliation, slot: Slot): void => {
  const last = newest(slot);
  if (last?.stopReason === "ended") return;
  work.create(slot, {
    ...startOf(work, slot, work.tx.now),
    ...(last && last.desiredState !== "remove" && inheritsUpdate(work, last)
      ? { updated: true }
      : {}),
  });
};

const isRunning = (task: Task): boolean => task.status.state === "running";

/** Orders tasks of a slot by what they are worth: running first, then the furthest, then the newest. */
const byWorth = (a: Task, b: Task): number =>
  Number(isRunning(b)) - Number(isRunning(a)) ||
  compareStates(b.status.state, a.status.state) ||
  (b.ordinal ?? 0) - (a.ordinal ?? 0) ||
  byAge(b, a);

/** Stops what is too much in a slot; old tasks of an update go once the new one runs. */
const stopSurplus = (work: Reconciliation, slot: Slot): void => {
  const live = slot.tasks.filter(isLive);
  if (live.length < 2) return;
  const [clean] = live.filter((task) => !work.isDirty(task)).toSorted(byWorth);
  const [dirty] = live.filter(work.isDirty).toSorted(byWorth);
  const keep = clean && isRunning(clean) ? [clean] : [clean, dirty];
  for (const task of live)
    if (!keep.includes(task)) work.stop(slot, task, work.isDirty(task) ? "update" : "surplus");
};
