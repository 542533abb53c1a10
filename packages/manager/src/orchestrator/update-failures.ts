import type { Service, Task, UpdateProgress } from "@skein/model";
import { restorePreviousSpec } from "../service-spec.ts";
import type { Reconciliation } from "./reconciliation.ts";
import type { Slot } from "./slots.ts";
import { endedByItself, ranSince } from "./slots.ts";
import { isOfUpdate, isUpdating, pausedUpdate, updatePlan } from "./update-state.ts";

/** The new task of this slot that ended before it ran for the monitor period. */
const earlyEnd = (service: Service, slot: Slot, monitorMs: number): Task | undefined =>
  slot.tasks.find(
    (task) =>
      endedByItself(task) &&
      task.specVersion === service.specVersion &&
      (task.runningSince === undefined || task.appliedAt - task.runningSince <= monitorMs) &&
      slot.tasks.some((other) => isOfUpdate(service, other)),
  );

/**
 * Records which slots of the running update failed, and acts when they are too many (behaviour.md,
 * 9.4): pauses, or goes back to the previous spec. Must run before anything reacts to ended tasks.
 * Answers "rolled back" when the service has another spec now, so that this look at it is void.
 *
 * Restarted tasks count as well, each slot once; the count is in the service, so no change of leader
 * loses it.
 */
export const watchUpdate = (
  work: Reconciliation,
  slots: readonly Slot[],
): "go on" | "rolled back" => {
  const { service } = work;
  const { update } = service;
  if (!update || !isUpdating(service)) return "go on";
  const plan = updatePlan(service);
  const failures: Record<string, UpdateProgress["failures"][string]> = { ...update.failures };
  let last: string | undefined;
  for (const slot of slots) {
    if (slot.key in failures) continue;
    const task = earlyEnd(service, slot, plan.monitorMs);
    if (!task) continue;
    failures[slot.key] = { taskId: task.id, at: ranSince(task) ?? task.appliedAt };
    last = task.id;
  }
  if (last === undefined) return "go on";
  const watched: Service = { ...service, update: { ...update, failures } };
  const ratio = Object.keys(failures).length / Math.max(1, update.dirtySlots);
  if (plan.failureAction === "continue" || ratio <= plan.maxFailureRatio) {
    work.putService(watched);
    return "go on";
  }
  return giveUp(work, watched, last, plan.failureAction);
};

const giveUp = (
  work: Reconciliation,
  service: Service,
  taskId: string,
  action: "pause" | "rollback",
): "go on" | "rolled back" => {
  const { update, previousSpec } = service;
  if (update?.state === "updating" && action === "rollback" && previousSpec) {
    const message = `update rolled back due to failure or early termination of task ${taskId}`;
    restorePreviousSpec(work.tx, service, message);
    return "rolled back";
  }
  if (update) work.putService({ ...service, update: pausedUpdate(update, taskId) });
  return "go on";
};
