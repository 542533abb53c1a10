import type { Clock, Random } from "@skein/base";
import { newId, OperationError } from "@skein/base";
import {
  certificateLifeMs,
  checkJoiningHost,
  createNode,
  isRevoked,
  issuingRoot,
  recordCertificate,
  roleForRenewal,
  roleOfToken,
  theCluster,
  trustedRoots,
} from "@skein/manager";
import type { Cluster } from "@skein/model";
import { checkReach, newAuthorityHandler } from "@skein/platform";
import type { AuthorityHandler, Credentials, Signer } from "@skein/platform";
import type { Store } from "@skein/store";
import { signerOf } from "./signing.ts";

/** How long dialing a host back that is to be a manager may take, in milliseconds. */
const REACH_MS = 4000;

export interface AuthorityDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** This manager's own, at the time of the call: external authorities are asked with them. */
  readonly credentials: () => Credentials;
  /** Rejects with what to install when there can't be another manager. */
  readonly checkCanGrow: () => Promise<void>;
}

/** Signers by the version of the cluster that they sign for: loading a key takes its time. */
const newSigners = (credentials: () => Credentials): ((cluster: Cluster) => Promise<Signer>) => {
  const known = new WeakMap<Cluster, Promise<Signer>>();
  return (cluster) => {
    const { rootCa, spec } = cluster;
    const context = { rootCa, settings: spec.CAConfig, credentials };
    const signer = known.get(cluster) ?? signerOf(issuingRoot(rootCa), context);
    known.set(cluster, signer);
    return signer;
  };
};

/**
 * The certificate authority of the cluster whose state is in the store. Joining nodes are recorded
 * before their certificate goes out.
 */
export const newAuthority = (dependencies: AuthorityDependencies): AuthorityHandler => {
  const { store, clock, random } = dependencies;
  const signerFor = newSigners(dependencies.credentials);
  return newAuthorityHandler({
    clusterId: theCluster(store.view).id,
    root: () => theCluster(store.view).rootCa.certificate,
    roots: () => trustedRoots(theCluster(store.view).rootCa),
    admit: async (token, host) => {
      const role = roleOfToken(store.view, token);
      checkJoiningHost(store.view, role, host);
      if (role === "manager" && host) {
        await dependencies.checkCanGrow();
        await checkReach(host.advertiseAddr, host.reach, REACH_MS);
      }
      return role;
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
      const cluster = theCluster(store.view);
      const signer = await signerFor(cluster);
      const lifetimeMs = certificateLifeMs(cluster);
      return signer.issueNodeCertificate(csr, { identity, now: clock.now(), lifetimeMs });
    },
    record: async ({ identity, isNew, expires }) => {
      const { nodeId, role } = identity;
      await store.transact((tx) => {
        if (isNew) createNode(tx, { id: nodeId, role, availability: "active" });
        recordCertificate(tx, nodeId, expires);
      });
    },
  });
};
