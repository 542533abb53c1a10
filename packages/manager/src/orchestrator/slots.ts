import type { Task } from "@skein/model";
import { compareStates, isDesiredAlive, isTerminal } from "@skein/model";

/**
 * The place of one wanted task with its history: a slot number, or the node of a global service.
 * While a reconciliation runs, `tasks` follows its edits.
 */
export interface Slot {
  /** The slot number, or the node id. */
  readonly key: string;
  readonly number: number;
  /** Global services: the node that tasks of this slot are bound to. */
  readonly nodeId?: string;
  /** Oldest first. */
  tasks: readonly Task[];
}

/** Orders tasks by time of creation, oldest first. Total: ids break ties. */
export const byAge = (a: Task, b: Task): number =>
  a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

/** Orders the tasks of one slot, oldest first, whatever the leaders' clocks said. */
const bySequence = (a: Task, b: Task): number => (a.ordinal ?? 0) - (b.ordinal ?? 0) || byAge(a, b);

/** Groups tasks by slot key. Each group is ordered by age, whatever the order of the input. */
export const groupTasks = (
  tasks: Iterable<Task>,
  keyOf: (task: Task) => string,
): Map<string, readonly Task[]> => {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const key = keyOf(task);
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  for (const group of groups.values()) if (group.length > 1) group.sort(bySequence);
  return groups;
};

/** Wanted: it should run now or soon, or (jobs) has done so. */
export const isAlive = (task: Task): boolean => isDesiredAlive(task.desiredState);

/** Wanted, and it can still become or stay running. */
export const isLive = (task: Task): boolean => isAlive(task) && !isTerminal(task.status.state);

/** Wanted, but it ended by itself: nobody has looked at it yet. */
export const endedByItself = (task: Task): boolean =>
  isAlive(task) && isTerminal(task.status.state) && task.status.state !== "orphaned";

/** Whether some agent may know of the task. */
export const wasAssigned = (task: Task): boolean =>
  compareStates(task.status.state, "assigned") >= 0;

/** Since when the task has been running, or was when it last was seen. */
export const ranSince = (task: Task): number | undefined =>
  task.runningSince ?? (task.status.state === "running" ? task.appliedAt : undefined);

/** The newest task of a slot. */
export const newest = (slot: Slot): Task | undefined => slot.tasks.at(-1);
