import type { EventMessage, Service, Swarm } from "@skein/wire";
import type { LogLine } from "../backend.ts";

const meta = {
  Version: { Index: 10 },
  CreatedAt: "2024-05-01T10:00:00Z",
  UpdatedAt: "2024-05-01T10:00:00Z",
};

/** A cluster's object as GET /swarm shows it. */
export const aSwarm: Swarm = {
  ID: "cluster1",
  ...meta,
  Spec: {
    Name: "default",
    Labels: {},
    Orchestration: { TaskHistoryRetentionLimit: 5 },
    Raft: { ElectionTick: 10, HeartbeatTick: 1 },
    Dispatcher: { HeartbeatPeriod: 5e9 },
    CAConfig: { NodeCertExpiry: 7776e12 },
    TaskDefaults: {},
    EncryptionConfig: { AutoLockManagers: false },
  },
  TLSInfo: {},
  RootRotationInProgress: false,
  DefaultAddrPool: ["10.0.0.0/8"],
  SubnetSize: 24,
  DataPathPort: 4789,
  JoinTokens: { Worker: "SWMTKN-1-a-w", Manager: "SWMTKN-1-a-m" },
};

export const aService = (name: string): Service => ({
  ID: `id-of-${name}`,
  ...meta,
  Spec: {
    Name: name,
    Labels: {},
    TaskTemplate: { ContainerSpec: { Image: "bb:1" }, ForceUpdate: 0 },
    Mode: { Replicated: { Replicas: 1 } },
  },
  Endpoint: { Spec: {} },
});

export const aLogLine = (text: string, rest: Partial<LogLine> = {}): LogLine => ({
  taskId: "task1",
  serviceId: "service1",
  nodeId: "node1",
  stream: "stdout",
  timestamp: "2024-05-01T10:00:00.5Z",
  attributes: {},
  data: new TextEncoder().encode(text),
  ...rest,
});

/** A cluster event at a time in seconds. */
export const anEvent = (
  type: string,
  action: string,
  name: string,
  seconds: number,
): EventMessage => ({
  Type: type,
  Action: action,
  Actor: { ID: `id-of-${name}`, Attributes: { name } },
  scope: "swarm",
  time: seconds,
  timeNano: seconds * 1e9,
});
