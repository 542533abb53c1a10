import { networkInterfaces } from "node:os";
import type { Clock, Random } from "@skein/base";
import { newId, OperationError } from "@skein/base";
import { certificateLifeMs, issuingRoot, trustedRoots } from "@skein/manager";
import type { Cluster } from "@skein/model";
import { issueOwnCredentials, newSigner, readBackup } from "@skein/platform";
import type { Credentials } from "@skein/platform";
import type { LoadedState } from "@skein/store";
import type { RestoreRequest } from "@skein/wire";
import { resolveAddresses } from "./addresses.ts";
import type { Beginning } from "./member.ts";

interface Dependencies {
  readonly clock: Clock;
  readonly random: Random;
}

/** The cluster object of a state, which is in the store's own shape. */
const clusterOf = ({ records }: LoadedState): Cluster => {
  const found = records.find(({ key }) => key.startsWith("clusters/"));
  if (!found)
    throw new OperationError("invalid-parameter", "the backup can't be used: it holds no cluster");
  return found.value as Cluster;
};

/** The state is on this node's disk from now on, wherever it was. */
const atHome = ({ index, records }: LoadedState, cluster: Cluster): LoadedState => {
  const { externalStore: _, ...rest } = cluster;
  const key = `clusters/${cluster.id}`;
  return {
    index,
    records: records.map((record) => (record.key === key ? { key, value: rest } : record)),
  };
};

/** A manager's certificate for this node, issued by the root that is in the backup. */
const newCredentials = async (
  cluster: Cluster,
  { clock, random }: Dependencies,
): Promise<Credentials> => {
  const { certificate, key, crossSigned } = issuingRoot(cluster.rootCa);
  if (key === "")
    throw new OperationError(
      "failed-precondition",
      "the backup can't be used here: the key of the cluster's root certificate is not in it, an external CA has it",
    );
  const intermediate = crossSigned === undefined ? {} : { intermediate: crossSigned };
  const signer = await newSigner({ certificate, key, ...intermediate });
  const identity = { nodeId: newId(random), role: "manager", clusterId: cluster.id } as const;
  return issueOwnCredentials(signer, trustedRoots(cluster.rootCa), {
    identity,
    now: clock.now(),
    lifetimeMs: certificateLifeMs(cluster),
  });
};

/** What a restored cluster begins with. */
export interface Restored {
  readonly beginning: Omit<Beginning, "files">;
  readonly dataPathPort: number;
}

/**
 * Has a new node begin as the only manager of the cluster in a backup. Nothing is written. Rejects as
 * `readBackup` and `resolveAddresses` do, and (kind `failed-precondition`) when the root's key is not there.
 */
export const restoredCluster = async (
  request: RestoreRequest,
  dependencies: Dependencies,
): Promise<Restored> => {
  const addresses = resolveAddresses(request, networkInterfaces());
  const { state } = await readBackup(request.Backup, request.Secret);
  const cluster = clusterOf(state);
  const credentials = await newCredentials(cluster, dependencies);
  const { nodeId, clusterId } = credentials.identity;
  const remotes = [addresses.advertiseAddr];
  const local = { format: 1, ...addresses, nodeId, clusterId, role: "manager", remotes } as const;
  return {
    beginning: { local, credentials, restore: atHome(state, cluster), alone: true },
    dataPathPort: cluster.dataPathPort,
  };
};
