import type { ObjectMeta, StringMap, Version } from "./common.ts";
import type { PortConfig } from "./endpoint.ts";
import type { NetworkAttachment } from "./network.ts";
import type { GenericResource } from "./resources.ts";
import type { TaskSpec } from "./task-spec.ts";

/** The words that the Docker API uses for observed and desired states. */
export type TaskStateName =
  | "new"
  | "allocated"
  | "pending"
  | "assigned"
  | "accepted"
  | "preparing"
  | "ready"
  | "starting"
  | "running"
  | "complete"
  | "shutdown"
  | "failed"
  | "rejected"
  | "remove"
  | "orphaned";

/** The container that ran the task. */
export interface ContainerStatus {
  readonly ContainerID: string;
  readonly PID: number;
  readonly ExitCode: number;
}

/** Ports that the node's engine mapped (publish mode `host`). */
export interface PortStatus {
  readonly Ports?: readonly PortConfig[];
}

/** What was observed. */
export interface TaskStatus {
  readonly Timestamp: string;
  readonly State?: TaskStateName;
  readonly Message?: string;
  readonly Err?: string;
  readonly ContainerStatus?: ContainerStatus;
  readonly PortStatus: PortStatus;
}

/** GET /tasks/{id} */
export interface Task extends ObjectMeta {
  readonly Labels: StringMap;
  readonly Spec: TaskSpec;
  readonly ServiceID?: string;
  /** Absent for global services and slot 0. */
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly Status: TaskStatus;
  readonly DesiredState?: TaskStateName;
  readonly NetworksAttachments?: readonly NetworkAttachment[];
  readonly GenericResources?: readonly GenericResource[];
  readonly JobIteration?: Version;
  /** Cluster volumes; null for none. */
  readonly Volumes?: null;
}
