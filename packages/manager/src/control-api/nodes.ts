import { rpcError } from "@skein/base";
import { convertNodeSpec } from "@skein/model";
import type { Transaction } from "@skein/store";
import type { NodeSpec } from "@skein/wire";
import { theCluster } from "../membership/admission.ts";
import { checkRoleChange } from "../membership/roles.ts";
import { withRevoked } from "../root-rotation/revocations.ts";
import { checkVersion, found } from "./versions.ts";

/** Replaces a node's spec. Role changes are refused where the cluster would lose its managers. */
export const updateNode = (
  tx: Transaction,
  input: { readonly id: string; readonly version: number; readonly spec: NodeSpec },
): void => {
  const node = found(tx.get("nodes", input.id), "node", input.id);
  const spec = convertNodeSpec(input.spec);
  checkVersion(node, input.version);
  checkRoleChange(tx, node, spec);
  // Who is to be a manager gets the certificate of one at once; who is not any more, when it is out of the quorum.
  const role = spec.Role === "manager" ? "manager" : node.role;
  tx.put("nodes", { ...node, spec, role });
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
