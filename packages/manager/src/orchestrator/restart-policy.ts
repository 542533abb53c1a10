import type { Task } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { RestartPolicy } from "@skein/wire";
import type { Reconciliation } from "./reconciliation.ts";
import type { Slot } from "./slots.ts";

const NANOSECONDS_PER_MS = 1e6;
const DEFAULT_DELAY_MS = 5000;

/** The policy that the task was made with. */
const policyOf = (work: Reconciliation, task: Task): RestartPolicy => {
  const version = work.tx.get("specs", specVersionId(task.serviceId, task.specVersion));
  return (version?.task ?? work.service.spec.TaskTemplate).RestartPolicy ?? {};
};

/**
 * When a task that ended by itself may be replaced, and when the replacement may start, by the
 * leader's clock. A task that ended while its own start was still delayed (its image can't be had,
 * say) is looked at when that delay is over: so there is one attempt per delay, not a tight loop.
 */
export const restartTimes = (
  work: Reconciliation,
  task: Task,
): { readonly replaceAt: number; readonly startAt: number } => {
  const { Delay } = policyOf(work, task);
  const delay = Delay === undefined ? DEFAULT_DELAY_MS : Delay / NANOSECONDS_PER_MS;
  const { now } = work.tx;
  // Times ahead of now are those of a clock that went back: they count as now.
  const endedAt = Math.min(task.appliedAt, now);
  const replaceAt = Math.max(endedAt, now < task.createdAt ? 0 : (task.start?.notBefore ?? 0));
  return { replaceAt, startAt: replaceAt + delay };
};

/** How often tasks of this version were restarted in the slot, within the policy's window. */
const restarts = (slot: Slot, ended: Task, windowMs: number): number =>
  slot.tasks.filter(
    (task) =>
      task.restartOf !== undefined &&
      task.specVersion === ended.specVersion &&
      task.jobIteration === ended.jobIteration &&
      (windowMs === 0 || task.createdAt > ended.appliedAt - windowMs),
  ).length;

/**
 * Whether a task that ended by itself is replaced (behaviour.md, section 8). Attempts are counted
 * from the records of the slot; a new spec version or job iteration counts afresh.
 */
export const mayRestart = (work: Reconciliation, slot: Slot, ended: Task): boolean => {
  const { Condition = "any", MaxAttempts = 0, Window = 0 } = policyOf(work, ended);
  if (Condition === "none") return false;
  const onFailure = Condition === "on-failure" || work.goal === "complete";
  if (onFailure && ended.status.state === "complete") return false;
  return MaxAttempts === 0 || restarts(slot, ended, Window / NANOSECONDS_PER_MS) < MaxAttempts;
};
