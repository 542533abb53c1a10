import type { Cluster, Node } from "@skein/model";
import type { Transaction } from "@skein/store";
import type { PlanOutcome } from "../ports.ts";

/** How long after its expiry a removed node's certificate stays refused (behaviour.md, 18.7). */
const MARGIN_MS = 7 * 24 * 3600 * 1000;
const NANOSECONDS_PER_MS = 1e6;
/** Docker's default life of a certificate, 90 days. */
const DEFAULT_EXPIRY_MS = 90 * 24 * 3600 * 1000;

/** How long a certificate that is issued now counts, in ms. Settings of 0 mean the default. */
export const certificateLifeMs = ({ spec }: Cluster): number => {
  const expiry = spec.CAConfig.NodeCertExpiry ?? 0;
  return expiry > 0 ? expiry / NANOSECONDS_PER_MS : DEFAULT_EXPIRY_MS;
};

/**
 * The cluster that refuses the certificate of a node from now on. It may live longer than
 * certificates do by the present settings: those may have changed since it was issued.
 */
export const withRevoked = (cluster: Cluster, node: Node, now: number): Cluster => {
  const expires =
    node.certificateExpires ?? now + Math.max(DEFAULT_EXPIRY_MS, certificateLifeMs(cluster));
  const until = Math.max(now, expires) + MARGIN_MS;
  return { ...cluster, revoked: { ...cluster.revoked, [node.id]: until } };
};

/** Forgets removed nodes whose certificates have expired by themselves. */
export const expireRevocations = (tx: Transaction): PlanOutcome => {
  const times: number[] = [];
  for (const cluster of tx.all("clusters").values()) {
    const all = Object.entries(cluster.revoked);
    const kept = all.filter(([, until]) => until > tx.now);
    if (kept.length < all.length)
      tx.put("clusters", { ...cluster, revoked: Object.fromEntries(kept) });
    times.push(...kept.map(([, until]) => until));
  }
  return times.length === 0 ? {} : { wakeAt: Math.min(...times) };
};
