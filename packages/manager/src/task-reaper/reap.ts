import type { Cluster, Service, Task } from "@skein/model";
import { isTerminal, specVersionId } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import { groupTasks, isAlive, wasAssigned } from "../orchestrator/slots.ts";
import { isJob } from "../service-spec.ts";

/** How many tasks of a slot are kept, the running one included, when the cluster does not say. */
const DEFAULT_HISTORY_LIMIT = 5;

/** The cluster's history limit; negative is no limit. */
export const historyLimit = (cluster: Cluster | undefined): number =>
  cluster?.spec.Orchestration?.TaskHistoryRetentionLimit ?? DEFAULT_HISTORY_LIMIT;

/** No container runs for it, and none ever will. */
const isOver = (task: Task): boolean =>
  isTerminal(task.status.state) || (!wasAssigned(task) && !isAlive(task));

const limitOf = (view: View, service: Service): number => {
  const { MaxAttempts = 0 } = service.spec.TaskTemplate.RestartPolicy ?? {};
  // Restarts are counted from the records, so that many have to stay.
  if (MaxAttempts > 0) return MaxAttempts + 1;
  const [cluster] = view.all("clusters").values();
  return historyLimit(cluster);
};

/** Records beyond the limit, oldest first. The newest one stays: it may be what fills the slot. */
const excess = (slot: readonly Task[], limit: number): readonly Task[] => {
  const over = slot.slice(0, -1).filter(isOver);
  return over.slice(0, Math.max(0, slot.length - limit));
};

/**
 * Deletes records of one service that nobody needs (behaviour.md, section 10): those that are to be
 * removed, and history beyond the limit. The record of a task that may still run is never deleted,
 * so that its agent stops it in order. Slots of jobs keep everything until it is to be removed.
 */
export const reapTasks = (tx: Transaction, serviceId: string): void => {
  const kept: Task[] = [];
  for (const task of tx.tasksOfService(serviceId).values())
    if (task.desiredState === "remove" && isOver(task)) tx.delete("tasks", task.id);
    else if (task.desiredState !== "remove") kept.push(task);
  const service = tx.get("services", serviceId);
  if (!service || isJob(service.spec)) return;
  const limit = limitOf(tx, service);
  if (limit < 0) return;
  const keyOf = (task: Task): string =>
    service.spec.Mode.Global ? (task.nodeId ?? "") : String(task.slot);
  for (const slot of groupTasks(kept, keyOf).values()) {
    if (slot.length <= limit) continue;
    for (const task of excess(slot, limit)) tx.delete("tasks", task.id);
  }
};

/** Deletes a spec version that neither its service nor any task refers to. */
export const reapSpec = (tx: Transaction, specId: string): void => {
  const spec = tx.get("specs", specId);
  if (!spec || tx.tasksOfSpec(specId) > 0) return;
  const service = tx.get("services", spec.serviceId);
  if (service && specVersionId(service.id, service.specVersion) === specId) return;
  tx.delete("specs", specId);
};
