import type { Transaction } from "@skein/store";
import type { PlanContext, PlanOutcome } from "../ports.ts";
import { reconcileGlobal } from "./global.ts";
import { reconcileGlobalJob, reconcileReplicatedJob } from "./jobs.ts";
import { Reconciliation } from "./reconciliation.ts";
import { reconcileReplicated } from "./replicated.ts";
import { settleTasks } from "./settle.ts";

/**
 * Brings the tasks of one service nearer to what its spec, the nodes and the tasks' observed states
 * ask for: creates tasks (state new), changes desired states, moves its update on. It knows only the
 * state in the transaction: called again at once it changes nothing, whatever was called before.
 *
 * `wakeAt` not after the transaction's time asks for another call in the same batch.
 */
export const reconcileService = (
  tx: Transaction,
  serviceId: string,
  context: PlanContext,
): PlanOutcome => {
  settleTasks(tx, serviceId);
  const service = tx.get("services", serviceId);
  if (!service) {
    removeTasks(tx, serviceId);
    return {};
  }
  const work = new Reconciliation(tx, service, context);
  const { Global, ReplicatedJob, GlobalJob } = service.spec.Mode;
  if (Global) reconcileGlobal(work);
  else if (ReplicatedJob) reconcileReplicatedJob(work);
  else if (GlobalJob) reconcileGlobalJob(work);
  else reconcileReplicated(work);
  return work.outcome;
};

/** The service is gone: every task stops, and its record goes once it has. */
const removeTasks = (tx: Transaction, serviceId: string): void => {
  for (const task of tx.tasksOfService(serviceId).values()) {
    if (task.desiredState === "remove") continue;
    const { start: _, ...rest } = task;
    tx.put("tasks", { ...rest, desiredState: "remove", stopReason: "service" });
  }
};
