import type { Task } from "@skein/wire";
import type { Message } from "./message.ts";
import { isTerminal, paddedState, rank, shortError } from "./states.ts";

/** The line above the bars. */
export const overall = (running: number, wanted: number, rollback: boolean): Message => ({
  id: "overall progress",
  text: `${rollback ? "rolling back update: " : ""}${running} out of ${wanted} tasks`,
});

/** A task's bar, or its error; nothing for a task that has ended without one. */
export const taskMessage = (id: string, task: Task): readonly Message[] => {
  const { Err, State } = task.Status;
  if (Err) return [{ id, text: shortError(Err) }];
  if (isTerminal(task.DesiredState) || isTerminal(State)) return [];
  return [{ id, text: paddedState(task), bar: { current: rank(State), total: rank("running") } }];
};

/** The bar of a job's task, which also shows that it is complete. */
export const jobTaskMessage = (id: string, task: Task): Message => {
  const { Err, State } = task.Status;
  if (Err) return { id, text: shortError(Err) };
  const bar = { current: rank(State), total: rank("complete") };
  return { id, text: paddedState(task), bar };
};
