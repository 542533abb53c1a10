import type { Task, TaskStatus } from "@skein/model";
import { compareStates } from "@skein/model";
import { deepEqual } from "@skein/base";
import type { Transaction } from "@skein/store";

/** One observation by an agent. */
export interface StatusUpdate {
  readonly taskId: string;
  readonly status: TaskStatus;
}

const merged = (tx: Transaction, task: Task, status: TaskStatus): Task => {
  const moved = task.status.state !== status.state;
  const runs = status.state === "running" && task.runningSince === undefined;
  return {
    ...task,
    status,
    appliedAt: moved ? tx.now : task.appliedAt,
    ...(runs ? { runningSince: tx.now } : {}),
  };
};

/**
 * Records what the node `nodeId` reports. Tasks that are gone or belong to another node are passed
 * over, as are reports of an earlier state than the recorded one and reports without news.
 */
export const applyStatuses = (
  tx: Transaction,
  nodeId: string,
  updates: readonly StatusUpdate[],
): void => {
  for (const { taskId, status } of updates) {
    const task = tx.get("tasks", taskId);
    if (task?.nodeId !== nodeId) continue;
    if (compareStates(status.state, task.status.state) < 0) continue;
    if (deepEqual(status, task.status)) continue;
    tx.put("tasks", merged(tx, task, status));
  }
};
