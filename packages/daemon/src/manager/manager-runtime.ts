import type { Clock, Logger, Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { LogRequest, TaskLog } from "@skein/manager";
import {
  AddressAllocator,
  bootstrapCluster,
  Candidate,
  Control,
  isRevoked,
  takeOver,
  theCluster,
} from "@skein/manager";
import { authorityRoutes } from "@skein/platform";
import type {
  AuthorityHandler,
  Credentials,
  IssuedCertificate,
  RpcMethod,
  RpcServer,
} from "@skein/platform";
import { Store } from "@skein/store";
import type { Log, View } from "@skein/store";
import { dataPathPortMethod } from "../membership/port-checks.ts";
import { agentMethods } from "./agent-methods.ts";
import { newAuthority } from "./authority.ts";
import { LeaderLink } from "./leader-link.ts";
import type { ManagerOptions } from "./manager-options.ts";
import { logMethods, readLogs } from "./log-forwarding.ts";
import { operationsOf } from "./operations.ts";
import { openDoors } from "./state/doors.ts";
import { adaptRecord, checkState } from "./state/earlier-builds.ts";
import { joinMethod, openHome } from "./state/open-home.ts";
import { Quorum } from "./state/quorum.ts";
import type { StateHome } from "./state/state-home.ts";

export interface ManagerDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** How long one key of encrypted networks is used, in ms; 12 hours unless given. */
  readonly networkKeyPeriodMs?: number;
  /** Another log than the one in the data directory, for tests. */
  readonly openLog?: () => Log;
}

/** A manager that runs in this process. */
export interface ManagerRuntime {
  readonly store: Store;
  readonly candidate: Candidate;
  /** Reads, for anybody; changes only on the leader. */
  readonly control: Control;
  readonly home: StateHome;
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

/** What a manager is made of, once its state is loaded. */
interface Parts {
  readonly store: Store;
  readonly candidate: Candidate;
  readonly control: Control;
  /** Signs with the cluster's root: on the leader only. */
  readonly signing: AuthorityHandler;
  readonly link: LeaderLink;
  readonly quorum: Quorum;
}

/**
 * The first manager of a new cluster writes what it starts with; any other must find it. One that is
 * the only one from now on writes that down before anybody is served.
 */
const bootstrap = async (
  store: Store,
  candidate: Candidate,
  options: ManagerOptions & { readonly hasExternalStore: boolean },
  signal: AbortSignal,
): Promise<void> => {
  const { dataDir, source, alone, advertiseAddr, credentials, hasExternalStore } = options;
  if ((source.kind === "lmdb" || source.kind === "external") && source.bootstrap) {
    const { bootstrap: first } = source;
    await elected(candidate, signal);
    await store.transact((tx) => bootstrapCluster(tx, first));
  }
  if (store.view.all("clusters").size === 0)
    throw new OperationError("internal", `the state in "${dataDir}" holds no cluster`);
  checkState(theCluster(store.view), { dataDir, clusterId: credentials.identity.clusterId });
  if (alone !== true) return;
  await elected(candidate, signal);
  const { nodeId } = credentials.identity;
  const self = { id: nodeId, role: "manager", availability: "active" } as const;
  await store.transact((tx) =>
    takeOver(tx, { ...self, managerAddr: advertiseAddr, hasExternalStore }),
  );
};

const elected = (candidate: Candidate, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = (): void => {
      if (!candidate.leader && !signal.aborted) return;
      unwatch();
      signal.removeEventListener("abort", look);
      if (candidate.leader) resolve();
      else reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    };
    const unwatch = candidate.watch(look);
    signal.addEventListener("abort", look, { once: true });
    look();
  });

/** Certificates come from the leader; the roots are known everywhere. */
const authorityThrough = ({ signing, link }: Parts): AuthorityHandler => ({
  rootCertificate: () => signing.rootCertificate(),
  requestCertificate: async (request, caller) => {
    const input = { request, caller };
    const name = "authority.requestCertificate";
    // A manager that was demoted asks too: it is out of the quorum already, and sees nothing any more.
    return (await link.perform(name, input, { unseen: true })) as IssuedCertificate;
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
    dataPathPortMethod(() => theCluster(store.view).dataPathPort),
    ...logMethods(candidate),
    joinMethod(link),
  ];
};

/** Takes what was started, newest first. */
class Started {
  readonly #stops: (() => Promise<void> | void)[] = [];

  /** Notes how something is ended. */
  add(stop: () => Promise<void> | void): void {
    this.#stops.push(stop);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).toReversed()) await stop();
  }
}

/**
 * Starts a manager. Rejects, leaving nothing running, when the state can't be opened or the port can't
 * be bound, and with the signal's reason. One among several resolves when there is a quorum.
 */
export const startManager = async (
  options: ManagerOptions,
  dependencies: ManagerDependencies,
  signal: AbortSignal,
): Promise<ManagerRuntime> => {
  const started = new Started();
  try {
    return await assemble(options, dependencies, started, signal);
  } catch (error) {
    await started.stop();
    throw error;
  }
};

const assemble = async (
  options: ManagerOptions,
  dependencies: ManagerDependencies,
  started: Started,
  signal: AbortSignal,
): Promise<ManagerRuntime> => {
  const { clock, logger } = dependencies;
  let { credentials } = options;
  let view: View | undefined;
  const doors = await openDoors({
    ...options.listen,
    credentials,
    isRevoked: (id) => view !== undefined && isRevoked(view, id),
    logger,
  });
  started.add(() => doors.server.close());
  const current = (): Credentials => credentials;
  const { home, key } = await openHome({ ...options, clock, logger, current, doors }, signal);
  started.add(() => home.close());
  const log = dependencies.openLog?.() ?? home.log;
  const store = await Store.open(log, clock, adaptRecord);
  ({ view } = store);
  const allocator = new AddressAllocator();
  const { nodeId } = credentials.identity;
  const candidate = new Candidate({ ...dependencies, store, log, allocator, candidate: nodeId });
  candidate.start();
  started.add(() => candidate.stop());
  const hasExternalStore = home.isExternal;
  await bootstrap(store, candidate, { ...options, hasExternalStore }, signal);
  const own = { nodeId, key, credentials: current };
  const quorum = new Quorum({ ...dependencies, ...own, home, store, candidate });
  const input = { ...dependencies, store, candidate, allocator, quorum, credentials: current };
  const parts = { ...makeParts(input), quorum };
  quorum.start();
  started.add(() => quorum.stop());
  started.add(() => parts.link.close());
  const authority = authorityThrough(parts);
  doors.server.serve(methodsOf(parts, authority, dependencies));
  started.add(watchRemovals(store, doors.server));
  if (options.source.kind === "joining")
    await options.settle(home.isExternal ? "external" : "etcd");
  return {
    ...runtimeOf(parts, home),
    authority,
    updateCredentials: (renewed) => {
      credentials = renewed;
      doors.server.updateCredentials(renewed);
    },
    stop: async () => {
      await store.barrier().catch(() => {
        // The batch was refused: there is nothing left to wait for.
      });
      await home.stepAside().catch(() => {
        // Without a quorum nobody can take over.
      });
      await started.stop();
    },
  };
};

const makeParts = (
  input: {
    readonly store: Store;
    readonly candidate: Candidate;
    readonly allocator: AddressAllocator;
    readonly quorum: Quorum;
    readonly credentials: () => Credentials;
  } & ManagerDependencies,
): Omit<Parts, "quorum"> => {
  const { store, candidate, clock, random, credentials, quorum } = input;
  const leaderId = (): string | undefined => candidate.leaderId;
  const control = new Control({
    ...input,
    leaderId,
    inquiries: () => candidate.leader?.dispatcher.inquiries,
  });
  const checkCanGrow = (): Promise<void> => quorum.checkCanGrow();
  const signing = newAuthority({ store, clock, random, credentials, checkCanGrow });
  const operations = operationsOf({ ...input, control, authority: signing });
  const link = new LeaderLink({ ...input, operations });
  return { store, candidate, control, signing, link };
};

const watchRemovals = (store: Store, server: RpcServer): (() => void) =>
  store.watch(({ changes }) => {
    for (const { table, id, after } of changes)
      if (table === "nodes" && after === undefined) server.disconnect(id);
  });

const runtimeOf = (
  { store, candidate, control, link }: Parts,
  home: StateHome,
): Omit<ManagerRuntime, "authority" | "updateCredentials" | "stop"> => ({
  store,
  candidate,
  control,
  home,
  perform: (name, input) => link.perform(name, input),
  readLogs: (request, signal) => readLogs({ candidate, link }, request, signal),
});
