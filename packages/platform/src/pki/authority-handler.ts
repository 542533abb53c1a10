import { rpcError } from "@skein/base";
import type { AuthorityHandler } from "../shared/certificate-authority.ts";
import type { NodeIdentity, NodeRole } from "../shared/identity.ts";
import { parseCertificateRequest } from "./certificate-request.ts";

/** What the manager decides when nodes ask for certificates. Each may reject with its own error. */
export interface AuthorityDecisions {
  readonly clusterId: string;
  /** PEM: every root that nodes should trust now. */
  roots(): string;
  /** The role that a join token gives. Rejects a token that is not of this cluster or was rotated. */
  admit(token: string): Promise<NodeRole>;
  /** The node's present role (not the one in its certificate). Rejects a node that was removed. */
  currentRole(nodeId: string): Promise<NodeRole>;
  newNodeId(): string;
  /** Issues the certificate chain for a checked request. */
  sign(csr: string, identity: NodeIdentity): Promise<string>;
  /**
   * Records a node that joins (`isNew`) or got a new certificate; the certificate goes out only
   * after this resolved.
   */
  record(issued: { readonly identity: NodeIdentity; readonly isNew: boolean }): Promise<void>;
}

/** Answers certificate requests by the rules of behaviour.md 18.3 and 18.4. */
export const newAuthorityHandler = (decisions: AuthorityDecisions): AuthorityHandler => {
  const identify = async (
    token: string | undefined,
    caller: NodeIdentity | undefined,
  ): Promise<{ readonly identity: NodeIdentity; readonly isNew: boolean }> => {
    const { clusterId } = decisions;
    if (caller !== undefined && caller.clusterId === clusterId) {
      const role = await decisions.currentRole(caller.nodeId);
      return { identity: { nodeId: caller.nodeId, role, clusterId }, isNew: false };
    }
    if (token === undefined)
      throw rpcError("invalid-parameter", "A valid join token is necessary to join this cluster");
    const role = await decisions.admit(token);
    return { identity: { nodeId: decisions.newNodeId(), role, clusterId }, isNew: true };
  };

  return {
    rootCertificate: () => decisions.roots(),
    requestCertificate: async ({ csr, token }, caller) => {
      await parseCertificateRequest(csr);
      const { identity, isNew } = await identify(token, caller);
      const certificate = await decisions.sign(csr, identity);
      await decisions.record({ identity, isNew });
      return { ...identity, certificate, roots: decisions.roots() };
    },
  };
};
