import { rpcError } from "@skein/base";
import type { JoiningHost } from "@skein/model";
import type { AuthorityHandler, CertificateRequest } from "../shared/certificate-authority.ts";
import type { NodeIdentity, NodeRole } from "../shared/identity.ts";
import { leafOf, validityOf } from "../shared/trust.ts";
import { parseCertificateRequest } from "./certificate-request.ts";

/** What the manager decides when nodes ask for certificates. Each may reject with its own error. */
export interface AuthorityDecisions {
  readonly clusterId: string;
  /** PEM: the root whose digest is in the join tokens. */
  root(): string;
  /** PEM: every root that nodes should trust now. */
  roots(): string;
  /**
   * The role that a join token gives to a host. Rejects a token that is not of this cluster or was rotated,
   * and a host that can't have the role.
   */
  admit(token: string, host: JoiningHost | undefined): Promise<NodeRole>;
  /** The node's present role (not the one in its certificate). Rejects a node that was removed. */
  currentRole(nodeId: string): Promise<NodeRole>;
  newNodeId(): string;
  /** Issues the certificate chain for a checked request. */
  sign(csr: string, identity: NodeIdentity): Promise<string>;
  /**
   * Records a node that joins (`isNew`) or got a new certificate, until `expires` (ms since the
   * epoch); the certificate goes out only after this resolved. Rejects a node that was removed
   * meanwhile.
   */
  record(issued: {
    readonly identity: NodeIdentity;
    readonly isNew: boolean;
    readonly expires: number;
  }): Promise<void>;
}

/** Answers certificate requests by the rules of behaviour.md 18.3 and 18.4. */
export const newAuthorityHandler = (decisions: AuthorityDecisions): AuthorityHandler => {
  const identify = async (
    { token, host }: Pick<CertificateRequest, "token" | "host">,
    caller: NodeIdentity | undefined,
  ): Promise<{ readonly identity: NodeIdentity; readonly isNew: boolean }> => {
    const { clusterId } = decisions;
    if (caller !== undefined && caller.clusterId === clusterId) {
      const role = await decisions.currentRole(caller.nodeId);
      return { identity: { nodeId: caller.nodeId, role, clusterId }, isNew: false };
    }
    if (token === undefined)
      throw rpcError("invalid-parameter", "A valid join token is necessary to join this cluster");
    const role = await decisions.admit(token, host);
    return { identity: { nodeId: decisions.newNodeId(), role, clusterId }, isNew: true };
  };

  return {
    rootCertificate: () => decisions.root(),
    requestCertificate: async ({ csr, ...request }, caller) => {
      await parseCertificateRequest(csr);
      const { identity, isNew } = await identify(request, caller);
      const certificate = await decisions.sign(csr, identity);
      const { notAfter: expires } = validityOf(leafOf(certificate));
      await decisions.record({ identity, isNew, expires });
      return { ...identity, certificate, roots: decisions.roots() };
    },
  };
};
