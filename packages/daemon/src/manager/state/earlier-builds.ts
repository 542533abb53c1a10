import { OperationError } from "@skein/base";
import { STATE_FORMAT } from "@skein/model";
import type { Cluster } from "@skein/model";
import { issuerOf } from "@skein/platform";
import type { AdaptRecord } from "@skein/store";

/** A cluster as builds before the rotation of roots wrote it. */
const adaptCluster = (cluster: Cluster): Cluster => {
  const { rootCa } = cluster;
  const issuer = (rootCa as Partial<Cluster["rootCa"]>).issuer ?? issuerOf(rootCa.certificate);
  return { ...cluster, rootCa: { ...rootCa, issuer } };
};

/**
 * Brings objects that earlier builds wrote to the present form, as they are read. They are written so
 * when they change next: a state that was only read can still be opened by the build before.
 */
export const adaptRecord: AdaptRecord = (table, value) =>
  table === "clusters" ? adaptCluster(value as Cluster) : value;

/**
 * Refuses (failed-precondition) a state that a newer version has moved on to a form unknown here, and
 * one of another cluster than this node's certificate.
 */
export const checkState = (
  { id, format = 1 }: Cluster,
  { dataDir, clusterId }: { readonly dataDir: string; readonly clusterId: string },
): void => {
  if (format > STATE_FORMAT)
    throw new OperationError(
      "failed-precondition",
      `the cluster's state ("${dataDir}") was written by a newer version of Skein (format ${format}, this version ` +
        `knows up to ${STATE_FORMAT}): upgrade Skein on this node`,
    );
  if (id !== clusterId)
    throw new OperationError(
      "failed-precondition",
      `the state in "${dataDir}" is of the cluster ${id}, and this node's certificate of ${clusterId}: ` +
        "put back the data directory that belongs together, or leave with `docker swarm leave --force` and join again",
    );
};
