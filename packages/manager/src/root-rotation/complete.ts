import type { Random } from "@skein/base";
import type { Cluster, NextRoot } from "@skein/model";
import type { Transaction } from "@skein/store";
import { isIssuedBy } from "./roots.ts";
import { newTokenFor } from "./join-tokens.ts";

/**
 * Ends a rotation of the root when every node of the cluster has said that its certificate is of the
 * next root: that one becomes the root, and the join tokens are made anew (behaviour.md, 18.5). A
 * node that is down holds it up until it comes back or is removed: it could not follow later.
 */
export const completeRotation = (tx: Transaction, random: Random): void => {
  for (const cluster of tx.all("clusters").values()) {
    const { rotation } = cluster.rootCa;
    if (!rotation) continue;
    for (const node of tx.all("nodes").values()) if (!isIssuedBy(node, rotation.issuer)) return;
    tx.put("clusters", withNextRoot(cluster, rotation, random));
  }
};

const withNextRoot = (cluster: Cluster, next: NextRoot, random: Random): Cluster => {
  const { certificate, key, issuer, digest } = next;
  return {
    ...cluster,
    rootCa: { certificate, key, issuer },
    joinTokens: { worker: newTokenFor(digest, random), manager: newTokenFor(digest, random) },
  };
};
