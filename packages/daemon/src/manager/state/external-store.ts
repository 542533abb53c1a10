import type { Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import { connectEtcd, openEtcdLog, USUAL_LIMITS } from "@skein/platform";
import type { Endpoints, EtcdClient, EtcdLog } from "@skein/platform";

/** A log in an etcd that somebody else runs, and the client to be closed with it. */
export interface ExternalStore {
  readonly client: EtcdClient;
  readonly log: EtcdLog;
}

export interface ExternalStoreOptions {
  readonly clusterId: string;
  readonly key: Uint8Array;
  readonly logger: Logger;
}

/** Why a manager of such a cluster can't run. */
export const withoutEndpoints = (): OperationError =>
  new OperationError(
    "failed-precondition",
    "the state of this cluster is in an etcd of its own: start the daemon with --store-endpoints (and --store-ca, " +
      "--store-cert, --store-key), as on the other managers",
  );

/**
 * Opens the log at the endpoints, whichever of them answers. Rejects as `openEtcdLog` does, with the
 * endpoints: after fifteen seconds without an answer.
 */
export const openExternalStore = async (
  options: ExternalStoreOptions,
  endpoints: Endpoints,
): Promise<ExternalStore> => {
  const client = connectEtcd(endpoints);
  try {
    return { client, log: await openEtcdLog({ ...options, client, limits: USUAL_LIMITS }) };
  } catch (error) {
    client.close();
    if (!(error instanceof OperationError) || error.kind === "internal") throw error;
    const where = endpoints.endpoints.join(", ");
    throw new OperationError(
      error.kind,
      `the etcd of --store-endpoints (${where}) can't be used: ${messageOf(error)}`,
    );
  }
};
