import type { Task } from "@skein/model";
import type { Transaction } from "@skein/store";

/** What a task waits for once it has what it needs besides a node. */
const PENDING_MESSAGE = "pending task scheduling";

/**
 * Makes new tasks ready for the scheduler (new to pending). They need nothing from here yet:
 * addresses on cluster networks come with the data plane.
 */
export const allocateTasks = (tx: Transaction, tasks: Iterable<Task>): void => {
  for (const task of tasks) {
    if (task.status.state !== "new") continue;
    tx.put("tasks", {
      ...task,
      status: { state: "pending", timestamp: tx.now, message: PENDING_MESSAGE },
      appliedAt: tx.now,
    });
  }
};
