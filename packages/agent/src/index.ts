export { createAgent } from "./agent.ts";
export type { Agent, AgentDependencies, AgentOptions, StopOptions } from "./agent.ts";
export type {
  ContainerState,
  ContainerSummary,
  EngineEvent,
  Executor,
  HostDescription,
  LogOptions,
  LogStream,
  ManagerConnection,
  ManagerDialer,
  RemotesStore,
  StoredTask,
  TaskStore,
  TaskStoreChanges,
  Templates,
  Workload,
  WorkloadFile,
} from "./ports.ts";
export type { ClusterNews } from "./session/session.ts";
