import type { Task, TaskStateName } from "@skein/wire";

/** States in their order, from 1. Others (`remove`, `orphaned`) are not shown. */
const ORDER: readonly TaskStateName[] = [
  "new",
  "allocated",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
];

/** The width of the longest state that progress shows. */
const STATE_WIDTH = 9;

/** Errors are cut to this many characters, so that they fit on narrow terminals. */
const ERROR_WIDTH = 75;

/** Bars are only drawn up to this many tasks. */
export const MOST_BARS = 20;

/** The place of a state in their order; 0 for states that are not shown. */
export const rank = (state: TaskStateName | undefined): number =>
  state === undefined ? 0 : ORDER.indexOf(state) + 1;

/** Whether a task in this state will never run again. */
export const isTerminal = (state: TaskStateName | undefined): boolean =>
  rank(state) > rank("running");

/** Whether both states of a task are ones that progress knows. */
export const isKnown = ({ DesiredState, Status }: Task): boolean =>
  rank(DesiredState) > 0 && rank(Status.State) > 0;

/** A state padded so that bars line up. */
export const paddedState = ({ Status }: Task): string => (Status.State ?? "").padEnd(STATE_WIDTH);

/** An error on one line, cut to fit. */
export const shortError = (error: string): string => {
  const line = error.replaceAll("\n", " ");
  return line.length > ERROR_WIDTH ? `${line.slice(0, ERROR_WIDTH - 1)}…` : line;
};

/** Chooses, of tasks in the same place, the one with the lowest desired, then observed state. */
export const lowest = (a: Task, b: Task): Task => {
  const desired = rank(a.DesiredState) - rank(b.DesiredState);
  if (desired !== 0) return desired < 0 ? a : b;
  return rank(a.Status.State) <= rank(b.Status.State) ? a : b;
};
