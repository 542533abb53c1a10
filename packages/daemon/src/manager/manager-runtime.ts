import { join } from "node:path";
import type { Clock, Logger, Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { NewCluster } from "@skein/manager";
import { AddressAllocator, bootstrapCluster, Candidate, Control, isRevoked } from "@skein/manager";
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
  readonly candidate: Candidate;
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

/** The first manager of a new cluster writes what it starts with; any other must find it. */
const bootstrap = async (
  store: Store,
  candidate: Candidate,
  options: ManagerOptions,
): Promise<void> => {
  const { bootstrap: first } = options;
  if (first) {
    await elected(candidate);
    await store.transact((tx) => bootstrapCluster(tx, first));
  }
  if (store.view.all("clusters").size === 0)
    throw new OperationError("internal", `the state in "${options.dataDir}" holds no cluster`);
};

const elected = (candidate: Candidate): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!candidate.leader) return;
      unwatch();
      resolve();
    };
    const unwatch = candidate.watch(look);
    look();
  });

const listenForNodes = (
  parts: {
    readonly store: Store;
    readonly candidate: Candidate;
    readonly authority: AuthorityHandler;
  },
  options: ManagerOptions,
  { clock, logger }: ManagerDependencies,
): Promise<RpcServer> => {
  const { candidate, authority } = parts;
  const { view } = parts.store;
  const addressOf = (nodeId: string): string | undefined => view.get("nodes", nodeId)?.managerAddr;
  return startRpcServer({
    ...options.listen,
    credentials: options.credentials,
    router: [
      ...agentMethods({ candidate, addressOf, clock, logger }),
      ...authorityRoutes(authority),
    ],
    isRevoked: (nodeId) => isRevoked(view, nodeId),
    logger,
  });
};

/**
 * Starts a manager on the state in `<data-dir>/state`. Rejects, leaving nothing running, when the
 * state can't be opened or the port can't be bound.
 */
export const startManager = async (
  options: ManagerOptions,
  dependencies: ManagerDependencies,
): Promise<ManagerRuntime> => {
  const { clock, random } = dependencies;
  const key = await openKey(options, random);
  const log = await openLmdbLog({ directory: join(options.dataDir, "state"), key });
  const allocator = new AddressAllocator();
  let candidate: Candidate | undefined;
  try {
    const store = await Store.open(log, clock);
    const { nodeId } = options.credentials.identity;
    candidate = new Candidate({ ...dependencies, store, log, allocator, candidate: nodeId });
    candidate.start();
    await bootstrap(store, candidate, options);
    const authority = newAuthority({ store, ...dependencies });
    const server = await listenForNodes({ store, candidate, authority }, options, dependencies);
    return runtimeOf({ store, candidate, authority, server, log, allocator }, dependencies);
  } catch (error) {
    await candidate?.stop();
    await log.close();
    throw error;
  }
};

const runtimeOf = (
  parts: {
    readonly store: Store;
    readonly candidate: Candidate;
    readonly authority: AuthorityHandler;
    readonly server: RpcServer;
    readonly log: Log;
    readonly allocator: AddressAllocator;
  },
  { clock, random }: ManagerDependencies,
): ManagerRuntime => {
  const { store, candidate, server, allocator } = parts;
  const stopWatching = store.watch(({ changes }) => {
    for (const { table, id, after } of changes)
      if (table === "nodes" && after === undefined) server.disconnect(id);
  });
  const leaderId = (): string | undefined => candidate.leaderId;
  return {
    store,
    candidate,
    authority: parts.authority,
    control: new Control({ store, clock, random, allocator, leaderId }),
    updateCredentials: (credentials) => server.updateCredentials(credentials),
    stop: async () => {
      stopWatching();
      await store.barrier().catch(() => {
        // The batch was refused: there is nothing left to wait for.
      });
      await candidate.stop();
      await server.close();
      await parts.log.close();
    },
  };
};
