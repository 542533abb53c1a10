import { resolve } from "node:path";
import { createApi } from "@skein/api";
import type { Logger } from "@skein/base";
import { OperationError } from "@skein/base";
import {
  claimDirectory,
  claimPidFile,
  engineClient,
  formatListenAddress,
  listen,
  newDiagnostics,
  newLinuxDataplane,
  notifyServiceManager,
  parseListenAddress,
  stderrLogger,
  systemClock,
  systemRandom,
} from "@skein/platform";
import type { FileLock, Listener, ListenerTls } from "@skein/platform";
import { newBackend } from "./backend/backend.ts";
import { EventHub } from "./backend/events.ts";
import { newAgentStarter } from "./agent/start-agent.ts";
import { checkEngine } from "./engine-check.ts";
import { hasLocalState } from "./membership/local-state.ts";
import { Membership } from "./membership/membership.ts";
import type { DoctorDependencies } from "./doctor/doctor.ts";
import { examineNode } from "./doctor/doctor.ts";
import { readStoreFiles } from "./store-files.ts";
import { readTlsFiles } from "./tls-files.ts";
import type { DaemonOptions } from "./options.ts";
import { VERSION } from "./version.ts";

/** etcd's own proportion. */
const HEARTBEATS_PER_ELECTION = 10;

/** A daemon that serves. */
export interface RunningDaemon {
  /** Stops serving; containers go on. */
  stop(): Promise<void>;
}

const engineSocketOf = (address: string): string => {
  const parsed = parseListenAddress(address);
  if (parsed.kind === "unix") return parsed.path;
  throw new OperationError(
    "invalid-parameter",
    `invalid engine "${address}": the engine must be on this host, use unix:///path`,
  );
};

const startListener = async (
  options: DaemonOptions,
  engineSocket: string,
  dependencies: Parameters<typeof listen>[1],
): Promise<Listener> => {
  const tls: ListenerTls | undefined = await readTlsFiles(options);
  const addresses = options.hosts.map(parseListenAddress);
  return listen({ addresses, engineSocket, ...(tls ? { tls } : {}) }, dependencies);
};

/** What overlay networks need and this host lacks, in a cluster or not. */
const requirementsOfHost = (): (() => Promise<readonly string[]>) => {
  const dataplane = newLinuxDataplane();
  return () => dataplane.requirements();
};

/** Takes what one daemon at a time may have: all of it, or nothing. Returns what gives it back. */
const claimAll = ({ pidfile, dataDir, runDir }: DaemonOptions): (() => void) => {
  const locks: FileLock[] = [];
  const release = (): void => {
    for (const lock of locks.splice(0).toReversed()) lock.release();
  };
  try {
    if (pidfile !== undefined) locks.push(claimPidFile(pidfile));
    const purposes = [
      { path: dataDir, purpose: "data directory", mode: 0o700 },
      { path: runDir, purpose: "run directory", mode: 0o711 },
    ];
    const distinct = resolve(dataDir) === resolve(runDir) ? purposes.slice(0, 1) : purposes;
    for (const claim of distinct) locks.push(claimDirectory(claim));
    return release;
  } catch (error) {
    release();
    throw error;
  }
};

/**
 * Starts the daemon: takes the pid file, resumes the membership, serves the API, and says that it is
 * ready. Rejects, with nothing left behind, when an address or the data directory is in use, or when
 * the engine is too old, or missing on a node in no cluster.
 */
export const startDaemon = async (options: DaemonOptions): Promise<RunningDaemon> => {
  const logger: Logger = stderrLogger(options.logLevel);
  const engineSocket = engineSocketOf(options.engine);
  const externalStore = await readStoreFiles(options);
  const release = claimAll(options);
  const clock = systemClock;
  const random = systemRandom;
  const events = new EventHub();
  const { starter, executor } = newAgentStarter({
    options,
    engineSocket,
    clock,
    random,
    logger,
    examine: (groups, repair) => examineNode(doctor, { groups, repair }),
  });
  const diagnostics = newDiagnostics();
  const membership = new Membership(
    { dataDir: options.dataDir },
    {
      clock,
      random,
      logger,
      startAgent: starter,
      settings: {
        electionMs: options.electionTimeoutMs,
        heartbeatMs: Math.round(options.electionTimeoutMs / HEARTBEATS_PER_ELECTION),
      },
      externalStore,
      networkKeyPeriodMs: options.networkKeyPeriodMs,
      diagnostics,
      onManager: ({ store }) => {
        events.follow(store, clock);
      },
    },
  );
  const doctor: DoctorDependencies = {
    membership,
    clock,
    executor,
    dataDir: options.dataDir,
    diagnostics,
    requirements: requirementsOfHost(),
  };
  let listener: Listener;
  try {
    const missing = await checkEngine({
      clock,
      describe: (signal) => executor.describe(signal),
      isMember: hasLocalState(options.dataDir),
    });
    if (missing !== undefined) logger.error("engine not reached", { error: missing });
    const containers = executor.plain;
    const backend = newBackend({ membership, doctor, events, clock, random, logger, containers });
    const engine = engineClient(engineSocket);
    const api = createApi({ backend, engine, clock, logger, version: VERSION });
    await membership.resume();
    listener = await startListener(options, engineSocket, { api, logger });
  } catch (error) {
    await membership.stop();
    release();
    throw error;
  }
  const addresses = listener.addresses.map(formatListenAddress);
  logger.info("serving the Docker API", { version: VERSION, addresses });
  await notifyServiceManager(["READY=1"], logger);
  return {
    stop: async () => {
      await notifyServiceManager(["STOPPING=1"], logger);
      await listener.close();
      await membership.stop();
      release();
      logger.info("stopped");
    },
  };
};
