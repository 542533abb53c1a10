import type { X509Certificate } from "node:crypto";
import { OperationError } from "@skein/base";

/** What a node's certificate makes it. */
export type NodeRole = "manager" | "worker";

/** Who a node is, as its certificate says: CN, OU and O of the subject. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly role: NodeRole;
  readonly clusterId: string;
}

/** The organizational unit, and the DNS name, that stands for a role in certificates. */
export const roleUnit: Readonly<Record<NodeRole, string>> = {
  manager: "swarm-manager",
  worker: "swarm-worker",
};

const roleOf = (unit: unknown): NodeRole | undefined => {
  if (unit === roleUnit.manager) return "manager";
  return unit === roleUnit.worker ? "worker" : undefined;
};

/**
 * Reads who a certificate is for. Throws (kind `forbidden`) unless the subject has exactly one CN,
 * one O, and one OU that names a role. Says nothing about who issued it.
 */
export const readIdentity = (certificate: X509Certificate): NodeIdentity => {
  const subject: unknown = certificate.toLegacyObject().subject;
  // A name that occurs twice is an array here, and so is refused.
  const { CN, O, OU } = Object.fromEntries(Object.entries(subject ?? {}));
  const role = roleOf(OU);
  if (typeof CN !== "string" || typeof O !== "string" || role === undefined)
    throw new OperationError("forbidden", "the certificate does not name a node of a cluster");
  return { nodeId: CN, role, clusterId: O };
};
