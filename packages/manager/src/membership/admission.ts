import type { NodeDescription, NodeSpec } from "@skein/wire";
import { rpcError } from "@skein/base";
import type { Cluster, JoiningHost, Node } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import { agreeOnProtocol } from "./versions.ts";

export type Role = "worker" | "manager";

/** The cluster object; there is exactly one from the moment a cluster exists. */
export const theCluster = (view: View): Cluster => {
  const [cluster] = view.all("clusters").values();
  if (!cluster) throw rpcError("internal", "the cluster object is missing");
  return cluster;
};

/** Compares without giving away, by the time it takes, how much of a guess was right. */
const sameText = (a: string, b: string): boolean => {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1)
    difference |= a.charCodeAt(i) ^ b.charCodeAt(i % Math.max(1, b.length));
  return difference === 0;
};

/** The secret half of a token `SWMTKN-1-<digest>-<secret>`: it alone decides the role. */
const secretOf = (token: string): string => token.split("-")[3] ?? "";

/**
 * The role that a join token gives. Rejects (invalid-parameter) a token that is not, or no longer,
 * one of the cluster's.
 */
export const roleOfToken = (view: View, token: string): Role => {
  const { joinTokens } = theCluster(view);
  const secret = secretOf(token);
  if (secret !== "" && sameText(secret, secretOf(joinTokens.manager))) return "manager";
  if (secret !== "" && sameText(secret, secretOf(joinTokens.worker))) return "worker";
  throw rpcError("invalid-parameter", "A valid join token is necessary to join this cluster");
};

/** Why a host without etcd can't be a manager beside others; `name` is how it is called. */
export const missingEtcd = (name: string): string =>
  `${name} can't become a manager: etcd 3.4 to 3.6, which holds the state of several managers, was not found there. ` +
  'Install it ("apt-get install etcd-server" on Debian) and try again';

const MISSING_ENDPOINTS =
  "the state of this cluster is in an etcd of its own: start the joining node's daemon with --store-endpoints as the " +
  "other managers are, and try again";
const NEEDLESS_ENDPOINTS =
  "the managers of this cluster keep its state themselves: start the joining node's daemon without --store-endpoints, " +
  "and try again";

/**
 * Refuses (failed-precondition) a host that can't be what its token makes of it, before anything is
 * recorded: one that is newer than the managers, and a manager without etcd. A host of an older version says
 * nothing of itself; it can be a worker.
 */
export const checkJoiningHost = (view: View, role: Role, host: JoiningHost | undefined): void => {
  if (host) agreeOnProtocol("the joining node", host);
  if (role === "worker") return;
  if (!host)
    throw rpcError(
      "failed-precondition",
      "the joining node's version of Skein is too old for a manager of this cluster: upgrade Skein there, or join " +
        "with the worker token",
    );
  const isExternal = theCluster(view).externalStore === true;
  if (isExternal !== (host.externalStore ?? false))
    throw rpcError("failed-precondition", isExternal ? MISSING_ENDPOINTS : NEEDLESS_ENDPOINTS);
  if (host.etcd === undefined && !isExternal)
    throw rpcError("failed-precondition", missingEtcd("the joining node"));
};

const newNodeSpec = (role: Role, availability: NodeSpec["Availability"]): NodeSpec => ({
  Labels: {},
  Role: role,
  Availability: availability,
});

/** What is known of a node when it is first recorded. */
export interface NewNode {
  readonly id: string;
  readonly role: Role;
  readonly availability: NodeSpec["Availability"];
  readonly description?: NodeDescription;
  readonly addr?: string;
  readonly managerAddr?: string;
}

/** Records a node that was just admitted. It is unknown until its agent opens a session. */
export const createNode = (tx: Transaction, node: NewNode): Node =>
  tx.put("nodes", {
    id: node.id,
    spec: newNodeSpec(node.role, node.availability),
    role: node.role,
    status: { state: "unknown", message: "", addr: node.addr ?? "" },
    ...(node.description ? { description: node.description } : {}),
    ...(node.managerAddr === undefined ? {} : { managerAddr: node.managerAddr }),
  });

/** Whether the certificate of `nodeId` must be refused: the node was removed from the cluster. */
export const isRevoked = (view: View, nodeId: string): boolean => {
  const [cluster] = view.all("clusters").values();
  return cluster !== undefined && nodeId in cluster.revoked;
};

/**
 * The role for which a known node's certificate is renewed: what people want it to be now.
 * Rejects (not-found) a node that is not on record.
 */
export const roleForRenewal = (view: View, nodeId: string): Role => {
  const node = view.get("nodes", nodeId);
  if (!node) throw rpcError("not-found", "node not registered");
  return node.role;
};

/**
 * Records until when the certificate counts that is about to go out to a node: as long must it be
 * refused if the node is removed. Rejects (unauthorized) a node that was removed meanwhile.
 */
export const recordCertificate = (tx: Transaction, nodeId: string, expires: number): void => {
  const node = tx.get("nodes", nodeId);
  if (!node) throw rpcError("unauthorized", `node ${nodeId} has been removed from the cluster`);
  // An older one that lives longer still counts.
  const certificateExpires = Math.max(expires, node.certificateExpires ?? 0);
  if (certificateExpires !== node.certificateExpires)
    tx.put("nodes", { ...node, certificateExpires });
};
