import type { SwarmSpec } from "@skein/wire";

/** The name of the one cluster object; it can't be changed. */
const CLUSTER_NAME = "default";

/** How long nodes' certificates count unless somebody says otherwise: 90 days. */
const DEFAULT_CERT_EXPIRY_NS = 90 * 24 * 3600 * 1e9;

/** Docker's defaults (api.md, 2.1; behaviour.md, section 25). Durations are nanoseconds. */
const DEFAULTS = {
  taskHistory: 5,
  snapshotInterval: 10_000,
  slowFollowers: 500,
  electionTick: 10,
  heartbeatTick: 1,
  heartbeatPeriod: 5e9,
  certificateExpiry: DEFAULT_CERT_EXPIRY_NS,
} as const;

const orDefault = (value: number | undefined, fallback: number): number =>
  value === undefined || value === 0 ? fallback : value;

/**
 * The spec of a new cluster: what `swarm init` asks for, with Docker's defaults where it is silent
 * or zero.
 */
export const initialSwarmSpec = (asked: SwarmSpec, autoLock: boolean): SwarmSpec => ({
  ...asked,
  Name: CLUSTER_NAME,
  Orchestration: {
    TaskHistoryRetentionLimit:
      asked.Orchestration.TaskHistoryRetentionLimit ?? DEFAULTS.taskHistory,
  },
  Raft: {
    ...asked.Raft,
    SnapshotInterval: orDefault(asked.Raft.SnapshotInterval, DEFAULTS.snapshotInterval),
    KeepOldSnapshots: asked.Raft.KeepOldSnapshots ?? 0,
    LogEntriesForSlowFollowers: orDefault(
      asked.Raft.LogEntriesForSlowFollowers,
      DEFAULTS.slowFollowers,
    ),
    ElectionTick: orDefault(asked.Raft.ElectionTick, DEFAULTS.electionTick),
    HeartbeatTick: orDefault(asked.Raft.HeartbeatTick, DEFAULTS.heartbeatTick),
  },
  Dispatcher: {
    HeartbeatPeriod: orDefault(asked.Dispatcher.HeartbeatPeriod, DEFAULTS.heartbeatPeriod),
  },
  CAConfig: {
    ...asked.CAConfig,
    NodeCertExpiry: orDefault(asked.CAConfig.NodeCertExpiry, DEFAULTS.certificateExpiry),
  },
  EncryptionConfig: { AutoLockManagers: autoLock || asked.EncryptionConfig.AutoLockManagers },
});
