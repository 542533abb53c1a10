import { join } from "node:path";
import type { Clock, Logger, Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { LogRequest, NewCluster, TaskLog } from "@skein/manager";
import { AddressAllocator, bootstrapCluster, Candidate, Control, isRevoked } from "@skein/manager";
import { authorityRoutes, openLmdbLog, startRpcServer } from "@skein/platform";
import type {
  AuthorityHandler,
  Credentials,
  IssuedCertificate,
  RpcMethod,
  RpcServer,
} from "@skein/platform";
import { Store } from "@skein/store";
import type { Log } from "@skein/store";
import type { HostPort } from "../membership/addresses.ts";
import { agentMethods } from "./agent-methods.ts";
import { newAuthority } from "./authority.ts";
import { LeaderLink } from "./leader-link.ts";
import { logMethods, readLogs } from "./log-forwarding.ts";
import { operationsOf } from "./operations.ts";

export interface ManagerOptions {
  readonly dataDir: string;
  /** The data key of the state. */
  readonly key: Uint8Array;
  readonly listen: HostPort;
  readonly credentials: Credentials;
  /** Given by `swarm init`: what a new cluster starts with. */
  readonly bootstrap?: NewCluster;
}

export interface ManagerDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Another log than the one in the data directory, for tests. */
  readonly openLog?: () => Promise<Log>;
}

/** A manager that runs in this process. */
export interface ManagerRuntime {
  readonly store: Store;
  readonly candidate: Candidate;
  /** Reads, for anybody; changes only on the leader. */
  readonly control: Control;
  /** Certificates, through the leader. */
  readonly authority: AuthorityHandler;
  /** Has the leader, wherever it is, perform an operation. As {@link LeaderLink.perform}. */
  perform(name: string, input: unknown): Promise<unknown>;
  /** The output of tasks, through the leader. */
  readLogs(request: LogRequest, signal: AbortSignal): Promise<AsyncIterable<TaskLog>>;
  /** Uses renewed credentials from now on. */
  updateCredentials(credentials: Credentials): void;
  /** Stops serving and closes the log. What is durable stays. */
  stop(): Promise<void>;
}

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

/** What a manager is made of, once its state is loaded. */
interface Parts {
  readonly store: Store;
  readonly candidate: Candidate;
  readonly control: Control;
  /** Signs with the cluster's root: on the leader only. */
  readonly signing: AuthorityHandler;
  readonly link: LeaderLink;
}

const makeParts = (
  store: Store,
  candidate: Candidate,
  input: {
    readonly allocator: AddressAllocator;
    readonly credentials: () => Credentials;
  } & ManagerDependencies,
): Parts => {
  const { clock, random, allocator } = input;
  const leaderId = (): string | undefined => candidate.leaderId;
  const control = new Control({
    store,
    clock,
    random,
    allocator,
    leaderId,
    inquiries: () => candidate.leader?.dispatcher.inquiries,
  });
  const { credentials } = input;
  const signing = newAuthority({ store, clock, random, credentials });
  const operations = operationsOf({ ...input, control, authority: signing, store });
  const link = new LeaderLink({ ...input, store, candidate, operations });
  return { store, candidate, control, signing, link };
};

/** Certificates come from the leader; the roots are known everywhere. */
const authorityThrough = ({ signing, link }: Parts): AuthorityHandler => ({
  rootCertificate: () => signing.rootCertificate(),
  requestCertificate: async (request, caller) => {
    const input = { request, caller };
    return (await link.perform("authority.requestCertificate", input)) as IssuedCertificate;
  },
});

const methodsOf = (
  parts: Parts,
  authority: AuthorityHandler,
  { clock, logger }: ManagerDependencies,
): readonly RpcMethod[] => {
  const { store, candidate, link } = parts;
  const addressOf = (nodeId: string): string | undefined =>
    store.view.get("nodes", nodeId)?.managerAddr;
  return [
    ...agentMethods({ candidate, addressOf, clock, logger }),
    ...authorityRoutes(authority),
    ...link.methods(),
    ...logMethods(candidate),
  ];
};

/**
 * Starts a manager on the state in `<data-dir>/state`. Rejects, leaving nothing running, when the
 * state can't be opened or the port can't be bound.
 */
export const startManager = async (
  options: ManagerOptions,
  dependencies: ManagerDependencies,
): Promise<ManagerRuntime> => {
  const { clock, logger } = dependencies;
  const { dataDir, key } = options;
  const log = await (dependencies.openLog?.() ??
    openLmdbLog({ directory: join(dataDir, "state"), key }));
  const allocator = new AddressAllocator();
  let { credentials } = options;
  let candidate: Candidate | undefined;
  try {
    const store = await Store.open(log, clock);
    const { nodeId } = credentials.identity;
    candidate = new Candidate({ ...dependencies, store, log, allocator, candidate: nodeId });
    candidate.start();
    await bootstrap(store, candidate, options);
    const parts = makeParts(store, candidate, {
      ...dependencies,
      allocator,
      credentials: () => credentials,
    });
    const authority = authorityThrough(parts);
    const server = await startRpcServer({
      ...options.listen,
      credentials,
      router: methodsOf(parts, authority, dependencies),
      isRevoked: (id) => isRevoked(store.view, id),
      logger,
    });
    const updateCredentials = (renewed: Credentials): void => {
      credentials = renewed;
      server.updateCredentials(renewed);
    };
    return { ...runtimeOf(parts, server, log), authority, updateCredentials };
  } catch (error) {
    await candidate?.stop();
    await log.close();
    throw error;
  }
};

const runtimeOf = (
  { store, candidate, control, link }: Parts,
  server: RpcServer,
  log: Log,
): Omit<ManagerRuntime, "authority" | "updateCredentials"> => {
  const stopWatching = store.watch(({ changes }) => {
    for (const { table, id, after } of changes)
      if (table === "nodes" && after === undefined) server.disconnect(id);
  });
  return {
    store,
    candidate,
    control,
    perform: (name, input) => link.perform(name, input),
    readLogs: (request, signal) => readLogs({ candidate, link }, request, signal),
    stop: async () => {
      stopWatching();
      await store.barrier().catch(() => {
        // The batch was refused: there is nothing left to wait for.
      });
      await candidate.stop();
      await link.close();
      await server.close();
      await log.close();
    },
  };
};
