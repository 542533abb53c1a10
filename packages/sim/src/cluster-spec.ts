import type { SwarmSpec } from "@skein/wire";

/** What `swarm init` would store without any flags. */
export const DEFAULT_CLUSTER_SPEC: SwarmSpec = {
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
