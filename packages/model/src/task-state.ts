/**
 * The states of a task, in their order (behaviour.md, section 4). The observed state never moves
 * to an earlier one. `allocated` is the reference's older name between `new` and `pending`.
 */
export type TaskState =
  | "new"
  | "pending"
  | "assigned"
  | "accepted"
  | "preparing"
  | "ready"
  | "starting"
  | "running"
  | "complete"
  | "shutdown"
  | "failed"
  | "rejected"
  | "remove"
  | "orphaned";

const order: Readonly<Record<TaskState, number>> = {
  new: 0,
  pending: 64,
  assigned: 192,
  accepted: 256,
  preparing: 320,
  ready: 384,
  starting: 448,
  running: 512,
  complete: 576,
  shutdown: 640,
  failed: 704,
  rejected: 768,
  remove: 800,
  orphaned: 832,
};

/** Negative when `a` comes before `b`, positive when after, 0 when equal. */
export const compareStates = (a: TaskState, b: TaskState): number => order[a] - order[b];

/** Whether a task in this state has ended: it holds no resources and runs no container. */
export const isTerminal = (state: TaskState): boolean => order[state] > order.running;

/** Whether a desired state means "should run, now or soon" (ready, running or, for jobs, complete). */
export const isDesiredAlive = (desired: TaskState): boolean => order[desired] <= order.complete;
