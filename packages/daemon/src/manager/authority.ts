import type { Clock, Random } from "@skein/base";
import { newId, OperationError } from "@skein/base";
import { createNode, isRevoked, roleForRenewal, roleOfToken, theCluster } from "@skein/manager";
import { DEFAULT_CERT_EXPIRY_NS } from "../membership/swarm-spec.ts";
import { newAuthorityHandler, newSigner } from "@skein/platform";
import type { AuthorityHandler, Signer } from "@skein/platform";
import type { Store } from "@skein/store";

const NANOSECONDS_PER_MS = 1e6;

export interface AuthorityDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The certificate authority of the cluster whose state is in the store. Joining nodes are recorded
 * before their certificate goes out. Managers can't be admitted yet: the cluster runs one.
 */
export const newAuthority = ({ store, clock, random }: AuthorityDependencies): AuthorityHandler => {
  const signerOf = (): Promise<Signer> => newSigner(theCluster(store.view).rootCa);
  return newAuthorityHandler({
    clusterId: theCluster(store.view).id,
    roots: () => theCluster(store.view).rootCa.certificate,
    admit: async (token) => {
      const role = roleOfToken(store.view, token);
      if (role === "manager")
        throw new OperationError(
          "not-implemented",
          "this version of Skein runs one manager: join as a worker",
        );
      return Promise.resolve(role);
    },
    currentRole: async (nodeId) => {
      if (isRevoked(store.view, nodeId))
        throw new OperationError(
          "unauthorized",
          `node ${nodeId} has been removed from the cluster`,
        );
      return Promise.resolve(roleForRenewal(store.view, nodeId));
    },
    newNodeId: () => newId(random),
    sign: async (csr, identity) => {
      const signer = await signerOf();
      const expiry = theCluster(store.view).spec.CAConfig.NodeCertExpiry ?? 0;
      // An update that leaves it out stores 0, which means the default.
      const lifetimeMs = (expiry > 0 ? expiry : DEFAULT_CERT_EXPIRY_NS) / NANOSECONDS_PER_MS;
      return signer.issueNodeCertificate(csr, { identity, now: clock.now(), lifetimeMs });
    },
    record: async ({ identity, isNew }) => {
      if (!isNew) return;
      const { nodeId, role } = identity;
      await store.transact((tx) => {
        createNode(tx, { id: nodeId, role, availability: "active" });
      });
    },
  });
};
