import { OperationError, rpcError } from "@skein/base";
import type { Node } from "@skein/model";
import { convertNodeSpec } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { NodeSpec } from "@skein/wire";
import { theCluster } from "../membership/admission.ts";
import { withRevoked } from "../root-rotation/revocations.ts";
import { checkVersion, found } from "./versions.ts";

const managers = (view: View): readonly Node[] =>
  [...view.all("nodes").values()].filter(({ spec }) => spec.Role === "manager");

const checkRole = (view: View, node: Node, spec: NodeSpec): void => {
  if (node.spec.Role === spec.Role) return;
  if (spec.Role === "manager")
    throw new OperationError(
      "not-implemented",
      `node ${node.id} cannot be promoted: this version of Skein runs one manager`,
    );
  if (managers(view).length === 1)
    throw rpcError("failed-precondition", "attempting to demote the last manager of the swarm");
};

/** Replaces a node's spec. Role changes are refused where the cluster would lose its managers. */
export const updateNode = (
  tx: Transaction,
  input: { readonly id: string; readonly version: number; readonly spec: NodeSpec },
): void => {
  const node = found(tx.get("nodes", input.id), "node", input.id);
  const spec = convertNodeSpec(input.spec);
  checkVersion(node, input.version);
  checkRole(tx, node, spec);
  tx.put("nodes", { ...node, spec });
};

/**
 * Removes a node: refuses managers always, and nodes that are not down unless forced. Its
 * certificate is refused from now on.
 */
export const removeNode = (
  tx: Transaction,
  input: { readonly id: string; readonly force: boolean },
): void => {
  const node = found(tx.get("nodes", input.id), "node", input.id);
  if (node.role === "manager")
    throw rpcError(
      "failed-precondition",
      `node ${node.id} is a cluster manager and is a member of the raft cluster. ` +
        "It must be demoted to worker before removal",
    );
  if (node.status.state === "ready" && !input.force)
    throw rpcError("failed-precondition", `node ${node.id} is not down and can't be removed`);
  tx.put("clusters", withRevoked(theCluster(tx), node, tx.now));
  tx.delete("nodes", node.id);
};
