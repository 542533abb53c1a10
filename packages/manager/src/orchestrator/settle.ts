import type { Task } from "@skein/model";
import { compareStates, isTerminal } from "@skein/model";
import type { Transaction } from "@skein/store";

/** What `docker service ps` shows for a task that the constraint enforcer took off its node. */
export const EVICTED_ERROR = "assigned node no longer meets constraints";
const EVICTED_MESSAGE = "task rejected by constraint enforcer";
const NODE_DELETED_MESSAGE = "Task belonged to a node that has been deleted";

const settled = (tx: Transaction, task: Task): Task => {
  const { status, nodeId } = task;
  if (nodeId !== undefined && !isTerminal(status.state) && !tx.get("nodes", nodeId))
    return {
      ...task,
      status: { ...status, state: "orphaned", message: NODE_DELETED_MESSAGE, timestamp: tx.now },
      appliedAt: tx.now,
    };
  if (task.stopReason !== "constraints") return task;
  if (isTerminal(status.state) && compareStates(status.state, "rejected") < 0)
    return {
      ...task,
      status: { ...status, state: "rejected", message: EVICTED_MESSAGE, err: EVICTED_ERROR },
      appliedAt: tx.now,
    };
  if (status.err === EVICTED_ERROR || isTerminal(status.state)) return task;
  return { ...task, status: { ...status, err: EVICTED_ERROR } };
};

/**
 * Records what no agent reports: tasks of a node that was removed are orphaned, and a task that was
 * evicted shows why, as `rejected` once it has really stopped (not before: its container may run).
 */
export const settleTasks = (tx: Transaction, serviceId: string): void => {
  for (const task of tx.tasksOfService(serviceId).values()) {
    const next = settled(tx, task);
    if (next !== task) tx.put("tasks", next);
  }
};
