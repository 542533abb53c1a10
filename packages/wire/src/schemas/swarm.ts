import type { Codec } from "../schema/codec.ts";
import { list, pointerList, stringMap } from "../schema/collections.ts";
import { bool, duration, int, int64, text, uint32, uint64 } from "../schema/scalars.ts";
import { always, omitEmpty, pointer, struct } from "../schema/struct.ts";
import type { NodeAvailability } from "../types/common.ts";
import type {
  CAConfig,
  DispatcherConfig,
  EncryptionConfig,
  ExternalCA,
  OrchestrationConfig,
  RaftConfig,
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockRequest,
  TaskDefaults,
} from "../types/swarm.ts";
import { annotations, swarmDriver } from "./common.ts";

const externalCA = struct<ExternalCA>("swarm.ExternalCA", {
  Protocol: always(text("swarm.ExternalCAProtocol")),
  URL: always(text()),
  Options: omitEmpty(stringMap),
  CACert: always(text()),
});

const caConfig = struct<CAConfig>("swarm.CAConfig", {
  NodeCertExpiry: omitEmpty(duration),
  ExternalCAs: omitEmpty(pointerList(externalCA)),
  SigningCACert: omitEmpty(text()),
  SigningCAKey: omitEmpty(text()),
  ForceRotate: omitEmpty(uint64),
});

const raftConfig = struct<RaftConfig>("swarm.RaftConfig", {
  SnapshotInterval: omitEmpty(uint64),
  KeepOldSnapshots: pointer(uint64),
  LogEntriesForSlowFollowers: omitEmpty(uint64),
  ElectionTick: always(int),
  HeartbeatTick: always(int),
});

export const swarmSpec: Codec<SwarmSpec> = struct<SwarmSpec>("swarm.Spec", {
  ...annotations,
  Orchestration: always(
    struct<OrchestrationConfig>("swarm.OrchestrationConfig", {
      TaskHistoryRetentionLimit: pointer(int64),
    }),
  ),
  Raft: always(raftConfig),
  Dispatcher: always(
    struct<DispatcherConfig>("swarm.DispatcherConfig", { HeartbeatPeriod: omitEmpty(duration) }),
  ),
  CAConfig: always(caConfig),
  TaskDefaults: always(
    struct<TaskDefaults>("swarm.TaskDefaults", { LogDriver: pointer(swarmDriver) }),
  ),
  EncryptionConfig: always(
    struct<EncryptionConfig>("swarm.EncryptionConfig", { AutoLockManagers: always(bool) }),
  ),
});

const availability = text<NodeAvailability>("swarm.NodeAvailability");

export const swarmInitRequest: Codec<SwarmInitRequest> = struct<SwarmInitRequest>(
  "swarm.InitRequest",
  {
    ListenAddr: always(text()),
    AdvertiseAddr: always(text()),
    DataPathAddr: always(text()),
    DataPathPort: always(uint32),
    ForceNewCluster: always(bool),
    Spec: always(swarmSpec),
    AutoLockManagers: always(bool),
    Availability: always(availability),
    DefaultAddrPool: always(list(text())),
    SubnetSize: always(uint32),
  },
);

export const swarmJoinRequest: Codec<SwarmJoinRequest> = struct<SwarmJoinRequest>(
  "swarm.JoinRequest",
  {
    ListenAddr: always(text()),
    AdvertiseAddr: always(text()),
    DataPathAddr: always(text()),
    RemoteAddrs: always(list(text())),
    JoinToken: always(text()),
    Availability: always(availability),
  },
);

export const swarmUnlockRequest: Codec<SwarmUnlockRequest> = struct<SwarmUnlockRequest>(
  "swarm.UnlockRequest",
  { UnlockKey: always(text()) },
);
