import { join } from "node:path";
import type { Clock, Logger, Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { NewCluster } from "@skein/manager";
import { bootstrapCluster, Control, isRevoked, Leader } from "@skein/manager";
import {
  authorityRoutes,
  KEY_BYTES,
  openLmdbLog,
  readManagerKey,
  startRpcServer,
  writeManagerKey,
} from "@skein/platform";
import type { AuthorityHandler, Credentials, RpcServer } from "@skein/platform";
import { Store } from "@skein/store";
import type { Log } from "@skein/store";
import type { HostPort } from "../membership/addresses.ts";
import { agentMethods } from "./agent-methods.ts";
import { newAuthority } from "./authority.ts";

export interface ManagerOptions {
  readonly dataDir: string;
  readonly listen: HostPort;
  readonly credentials: Credentials;
  /** Given by `swarm init`: what a new cluster starts with. */
  readonly bootstrap?: NewCluster;
}

export interface ManagerDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A manager that runs in this process. */
export interface ManagerRuntime {
  readonly store: Store;
  readonly leader: Leader;
  readonly control: Control;
  readonly authority: AuthorityHandler;
  /** Uses renewed credentials from now on. */
  updateCredentials(credentials: Credentials): void;
  /** Stops serving and closes the log. What is durable stays. */
  stop(): Promise<void>;
}

const keyFileIn = (dataDir: string): string => join(dataDir, "manager.key");

const openKey = async (options: ManagerOptions, random: Random): Promise<Uint8Array> => {
  const path = keyFileIn(options.dataDir);
  const found = await readManagerKey(path);
  if (found.kind === "open") return found.key;
  if (found.kind === "locked")
    throw new OperationError(
      "unavailable",
      'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.',
    );
  if (!options.bootstrap)
    throw new OperationError(
      "internal",
      `the manager key file "${path}" is missing: without it the cluster's state can't be read`,
    );
  const key = random.bytes(KEY_BYTES);
  await writeManagerKey(path, key);
  return key;
};

const startStore = async (
  log: Log,
  options: ManagerOptions,
  dependencies: ManagerDependencies,
): Promise<{ readonly store: Store; readonly leader: Leader }> => {
  const store = await Store.open(log, dependencies.clock);
  const leader = new Leader({ store, ...dependencies });
  const { nodeId } = options.credentials.identity;
  leader.start(await log.campaign(nodeId, new AbortController().signal));
  const { bootstrap } = options;
  if (bootstrap) await store.transact((tx) => bootstrapCluster(tx, bootstrap));
  if (store.view.all("clusters").size === 0)
    throw new OperationError("internal", `the state in "${options.dataDir}" holds no cluster`);
  return { store, leader };
};

/**
 * Starts a manager on the state in `<data-dir>/state`. Rejects, leaving nothing running, when the
 * state can't be opened or the port can't be bound.
 */
export const startManager = async (
  options: ManagerOptions,
  dependencies: ManagerDependencies,
): Promise<ManagerRuntime> => {
  const key = await openKey(options, dependencies.random);
  const log = await openLmdbLog({ directory: join(options.dataDir, "state"), key });
  let leader: Leader | undefined;
  let server: RpcServer;
  let store: Store;
  let authority: AuthorityHandler;
  try {
    ({ store, leader } = await startStore(log, options, dependencies));
    authority = newAuthority({ store, ...dependencies });
    const { view } = store;
    server = await startRpcServer({
      ...options.listen,
      credentials: options.credentials,
      router: [...agentMethods(leader, dependencies.logger), ...authorityRoutes(authority)],
      isRevoked: (nodeId) => isRevoked(view, nodeId),
      logger: dependencies.logger,
    });
  } catch (error) {
    leader?.stop();
    await log.close();
    throw error;
  }
  const running = leader;
  const stopWatching = store.watch(({ changes }) => {
    for (const { table, id, after } of changes)
      if (table === "nodes" && after === undefined) server.disconnect(id);
  });
  const leaderId = options.credentials.identity.nodeId;
  return {
    store,
    leader: running,
    authority,
    control: new Control({
      store,
      random: dependencies.random,
      allocator: running.allocator,
      leaderId,
    }),
    updateCredentials: (credentials) => server.updateCredentials(credentials),
    stop: async () => {
      stopWatching();
      running.stop();
      await server.close();
      await store.barrier().catch(() => {
        // The batch was refused: there is nothing left to wait for.
      });
      await log.close();
    },
  };
};
