import type { Task } from "@skein/model";
import { isTerminal } from "@skein/model";
import { isGone } from "./node-fitness.ts";
import type { Reconciliation } from "./reconciliation.ts";
import type { Slot } from "./slots.ts";
import { isAlive, isLive, wasAssigned } from "./slots.ts";

/** How long a new task waits for the old one of its slot to stop, in milliseconds. */
const OLD_TASK_TIMEOUT_MS = 60_000;

/** Asked to stop, but as far as anyone can know its container still runs. */
const isStopping = (work: Reconciliation, task: Task): boolean =>
  !isAlive(task) &&
  wasAssigned(task) &&
  !isTerminal(task.status.state) &&
  !isGone(task.nodeId === undefined ? undefined : work.tx.get("nodes", task.nodeId));

/** Whether a task of the slot is still stopping. */
const isOccupied = (work: Reconciliation, slot: Slot): boolean =>
  slot.tasks.some((task) => isStopping(work, task));

/**
 * How a new task of the slot starts: at once, or (its `start` field) not before `notBefore` and not
 * while old tasks of the slot are stopping.
 */
export const startOf = (
  work: Reconciliation,
  slot: Slot,
  notBefore: number,
): { readonly start?: NonNullable<Task["start"]> } =>
  notBefore > work.tx.now || isOccupied(work, slot)
    ? { start: { notBefore, latest: work.tx.now + OLD_TASK_TIMEOUT_MS } }
    : {};

/** Raises tasks that waited for their start, when it has come; else asks to be woken. */
export const startDueTasks = (work: Reconciliation, slot: Slot): void => {
  for (const task of slot.tasks) {
    if (task.desiredState !== "ready" || !isLive(task)) continue;
    const { now } = work.tx;
    // A clock that went back to before the task's creation makes no one wait for it.
    const due = { notBefore: now, latest: now };
    const { notBefore, latest } = (now >= task.createdAt && task.start) || due;
    if (now < notBefore) {
      work.wake(notBefore);
      continue;
    }
    if (now < latest && isOccupied(work, slot)) {
      work.wake(latest);
      continue;
    }
    const { start: _, ...rest } = task;
    work.replace(slot, { ...rest, desiredState: work.goal });
  }
};
