import type { Transaction } from "@skein/store";
import type { NewNode } from "./admission.ts";
import { createNode } from "./admission.ts";
import { asWorker } from "./roles.ts";

/** The manager that is left, and whether it keeps the state in an etcd that somebody else runs. */
export interface OnlyManager extends NewNode {
  readonly hasExternalStore: boolean;
}

/**
 * The node is the cluster's only manager from now on: after the others were lost for good, or from a
 * backup, which may not know it yet. Whoever was a manager beside it is a worker, and becomes one
 * when it is heard of again: what it has of the cluster's state is of the past.
 */
export const takeOver = (tx: Transaction, self: OnlyManager): void => {
  for (const { externalStore: _, ...cluster } of tx.all("clusters").values())
    tx.put("clusters", { ...cluster, ...(self.hasExternalStore ? { externalStore: true } : {}) });
  for (const node of tx.all("nodes").values())
    if (node.id !== self.id && (node.role === "manager" || node.spec.Role === "manager"))
      tx.put("nodes", asWorker(node));
  const known = tx.get("nodes", self.id) ?? createNode(tx, self);
  const spec = { ...known.spec, Role: "manager" as const };
  const { managerAddr } = self;
  tx.put("nodes", { ...known, role: "manager", spec, ...(managerAddr ? { managerAddr } : {}) });
};
