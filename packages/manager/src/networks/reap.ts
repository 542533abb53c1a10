import type { Transaction } from "@skein/store";

/** Removes the networks among these that were to go with their last task, which has ended. */
export const reapNetworks = (tx: Transaction, ids: Iterable<string>): void => {
  for (const id of ids)
    if (tx.get("networks", id)?.removing && tx.tasksOfNetwork(id).size === 0)
      tx.delete("networks", id);
};
