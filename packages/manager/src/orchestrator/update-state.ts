import type { Service, Task, UpdateProgress } from "@skein/model";
import type { UpdateConfig } from "@skein/wire";

const NANOSECONDS_PER_MS = 1e6;
const DEFAULT_MONITOR_MS = 5000;

/** An update configuration with its defaults filled in. Times in milliseconds. */
export interface UpdatePlan {
  /** How many slots may be in work at the same time; Infinity is all. */
  readonly parallelism: number;
  readonly delayMs: number;
  readonly failureAction: "pause" | "continue" | "rollback";
  readonly monitorMs: number;
  readonly maxFailureRatio: number;
  readonly startFirst: boolean;
}

const defaults: UpdateConfig = { Parallelism: 1, MaxFailureRatio: 0, Order: "stop-first" };

/** The configuration in force: that of rollbacks while one runs. */
export const updatePlan = ({ spec, update }: Service): UpdatePlan => {
  const rollingBack = update?.state === "rollback_started";
  const config = (rollingBack ? spec.RollbackConfig : spec.UpdateConfig) ?? defaults;
  const { Parallelism, Delay, FailureAction, Monitor, MaxFailureRatio, Order } = config;
  return {
    parallelism: Parallelism === 0 ? Number.POSITIVE_INFINITY : Parallelism,
    delayMs: (Delay ?? 0) / NANOSECONDS_PER_MS,
    failureAction: FailureAction ?? "pause",
    monitorMs: Monitor === undefined ? DEFAULT_MONITOR_MS : Monitor / NANOSECONDS_PER_MS,
    maxFailureRatio: MaxFailureRatio,
    startFirst: Order === "start-first",
  };
};

/** Whether an update or a rollback is replacing tasks. */
export const isUpdating = ({ update }: Service): boolean =>
  update?.state === "updating" || update?.state === "rollback_started";

/** Whether an update or a rollback waits for people. */
export const isPaused = ({ update }: Service): boolean =>
  update?.state === "paused" || update?.state === "rollback_paused";

/** Whether the task was made by the update to the present spec version. */
export const isOfUpdate = (service: Service, task: Task): boolean =>
  task.updated === true && task.specVersion === service.specVersion;

/** How a new update begins. */
export const newUpdate = (now: number, dirtySlots: number): UpdateProgress => ({
  state: "updating",
  message: "update in progress",
  startedAt: now,
  dirtySlots,
  failures: {},
});

/** How an update or rollback ends well. */
export const completedUpdate = (update: UpdateProgress, now: number): UpdateProgress => {
  const rollback = update.state === "rollback_started";
  return {
    ...update,
    state: rollback ? "rollback_completed" : "completed",
    message: rollback ? "rollback completed" : "update completed",
    completedAt: now,
  };
};

/** How an update or rollback stops because of a task. */
export const pausedUpdate = (update: UpdateProgress, taskId: string): UpdateProgress => {
  const rollback = update.state === "rollback_started";
  const what = rollback ? "rollback" : "update";
  return {
    ...update,
    state: rollback ? "rollback_paused" : "paused",
    message: `${what} paused due to failure or early termination of task ${taskId}`,
  };
};

const waiting = "; waiting for task ";

/** The update with what it waits for in its message, or nothing more than its own message. */
export const withWaiting = (
  update: UpdateProgress,
  reason: { readonly taskId: string; readonly err: string } | undefined,
): UpdateProgress => {
  const at = update.message.indexOf(waiting);
  const own = at < 0 ? update.message : update.message.slice(0, at);
  const message = reason ? `${own}${waiting}${reason.taskId}: ${reason.err}` : own;
  return message === update.message ? update : { ...update, message };
};
