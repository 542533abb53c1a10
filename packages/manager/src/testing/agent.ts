import type { Task, TaskState } from "@skein/model";
import { isTerminal } from "@skein/model";

/**
 * What becomes of a task's container: it runs on, is rejected while it is prepared, fails on start,
 * crashes or exits with 0 once it runs, hangs on start, or runs and can't be stopped.
 */
export type Fate = "run" | "reject" | "fail" | "crash" | "exit" | "hang" | "stuck";

const climb: Partial<Record<TaskState, TaskState>> = {
  assigned: "accepted",
  accepted: "preparing",
  preparing: "ready",
  ready: "starting",
  starting: "running",
};

const broken: Partial<Record<Fate, Partial<Record<TaskState, TaskState>>>> = {
  reject: { preparing: "rejected" },
  fail: { starting: "failed" },
  crash: { running: "failed" },
  exit: { running: "complete" },
};

/** The next state that an agent reports; undefined when there is nothing for it to do. */
export const nextState = (task: Task, fate: Fate): TaskState | undefined => {
  const { state } = task.status;
  if (isTerminal(state) || state === "new" || state === "pending") return undefined;
  if (task.desiredState === "shutdown" || task.desiredState === "remove")
    return fate === "stuck" ? undefined : "shutdown";
  if (state === "ready" && task.desiredState === "ready") return undefined;
  if (state === "starting" && fate === "hang") return undefined;
  return broken[fate]?.[state] ?? climb[state];
};
