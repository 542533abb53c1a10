import type { DownMessage, ManagerAddress } from "@skein/model";
import type { Change, View } from "@skein/store";
import { issuingRoot, trustedRoots } from "../root-rotation/roots.ts";

/** Whether agents must hear of it: roles, managers' addresses, nodes that came or went, the root. */
export const concernsMembership = (change: Change): boolean => {
  if (change.table === "clusters") return change.before?.rootCa !== change.after?.rootCa;
  if (change.table !== "nodes") return false;
  const { before, after } = change;
  return (
    before?.role !== after?.role ||
    before?.spec.Role !== after?.spec.Role ||
    before?.managerAddr !== after?.managerAddr
  );
};

/** The managers that agents may dial. */
const managerAddresses = (view: View): readonly ManagerAddress[] =>
  [...view.all("nodes").values()].flatMap(({ id, role, managerAddr }) =>
    role === "manager" && managerAddr !== undefined ? [{ nodeId: id, addr: managerAddr }] : [],
  );

/** What a node's agent is told of the cluster and of its own part in it. */
export const clusterMessage = (view: View, nodeId: string): DownMessage => {
  const node = view.get("nodes", nodeId);
  const [cluster] = view.all("clusters").values();
  const role = node?.role ?? "worker";
  const wantedRole = node?.spec.Role === "manager" ? "manager" : "worker";
  return {
    type: "cluster",
    role,
    wantedRole,
    managers: managerAddresses(view),
    rootCertificate: cluster ? trustedRoots(cluster.rootCa) : "",
    ...(cluster ? { issuer: issuingRoot(cluster.rootCa).issuer } : {}),
    renewCertificate: role !== wantedRole,
  };
};
