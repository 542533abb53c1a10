// A manager without sockets: the real store, log, control loops and control operations.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, silentLogger } from "@skein/base";
import { AddressAllocator, bootstrapCluster, Control, Leader } from "@skein/manager";
import { KEY_BYTES, openLmdbLog } from "@skein/platform";
import type { Log } from "@skein/store";
import { openMemoryLog, Store } from "@skein/store";
import type { ServiceSpec, SwarmSpec } from "@skein/wire";
import { aNode } from "./builders.ts";
import { wallClock } from "./wall-clock.ts";
import { systemRandom } from "./system-random.ts";

const swarmSpec: SwarmSpec = {
  Name: "default",
  Labels: {},
  Orchestration: { TaskHistoryRetentionLimit: 5 },
  Raft: {
    SnapshotInterval: 10_000,
    KeepOldSnapshots: 0,
    LogEntriesForSlowFollowers: 500,
    ElectionTick: 10,
    HeartbeatTick: 1,
  },
  Dispatcher: { HeartbeatPeriod: 5e9 },
  CAConfig: { NodeCertExpiry: 7776e12 },
  TaskDefaults: {},
  EncryptionConfig: { AutoLockManagers: false },
};

/** A directory for one benchmark, and how to be rid of it. */
export const scratch = (): { readonly directory: string; readonly remove: () => void } => {
  const directory = mkdtempSync(join(tmpdir(), "skein-bench-"));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
};

const key = new Uint8Array(KEY_BYTES).fill(7);

/** A log on disk, sealed as the daemon seals it. */
export const lmdbLog = (directory: string): Promise<Log> => openLmdbLog({ directory, key });

/** Nothing but memory. */
export const memoryLog = (): Promise<Log> => Promise.resolve(openMemoryLog());

/** A leading manager. */
export interface BenchManager {
  readonly store: Store;
  readonly control: Control;
  readonly leader: Leader;
  readonly stop: () => Promise<void>;
}

/** Loads the log, takes the lead, and waits until the control loops have seen everything. */
export const startManager = async (log: Log): Promise<BenchManager> => {
  const store = await Store.open(log, wallClock);
  const leadership = await log.campaign("bench", new AbortController().signal);
  const random = systemRandom;
  const allocator = new AddressAllocator();
  const clock = wallClock;
  const leader = new Leader({ store, clock, random, logger: silentLogger, allocator });
  leader.start(leadership);
  await store.barrier();
  return {
    store,
    leader,
    control: new Control({ store, clock, allocator, random, leaderId: () => "bench" }),
    stop: async () => {
      leader.stop();
      await store.barrier();
      await leadership.resign();
      await log.close();
    },
  };
};

/** Makes the cluster and `nodes` ready nodes. */
export const fillNodes = async ({ store }: BenchManager, nodes: number): Promise<void> => {
  await store.transact((tx) => {
    bootstrapCluster(tx, {
      id: newId(systemRandom),
      spec: swarmSpec,
      rootCa: { certificate: "", key: "", issuer: { subject: "", publicKey: "" } },
      joinTokens: { worker: "SWMTKN-1-r-w", manager: "SWMTKN-1-r-m" },
      unlockKey: "",
      defaultAddrPool: ["10.0.0.0/8"],
      subnetSize: 24,
      dataPathPort: 4789,
      firstNode: { id: "bench", role: "manager", availability: "drain" },
      newId: () => newId(systemRandom),
    });
    for (let i = 0; i < nodes; i += 1) tx.put("nodes", aNode(`node-${i}`, { zone: String(i % 3) }));
  });
};

/** A service of `replicas` web servers. */
export const webService = (Name: string, Replicas: number): ServiceSpec => ({
  Name,
  Labels: {},
  TaskTemplate: {
    ForceUpdate: 0,
    ContainerSpec: { Image: "web:1", Env: ["MODE=production"] },
    Resources: { Reservations: { NanoCPUs: 1e6, MemoryBytes: 4 * 1024 ** 2 } },
  },
  Mode: { Replicated: { Replicas } },
});
