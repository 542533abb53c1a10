import type { Annotations, ObjectMeta, Version } from "./common.ts";
import type { Endpoint, EndpointSpec } from "./endpoint.ts";
import type { NetworkAttachmentConfig, TaskSpec } from "./task-spec.ts";

/** A fixed number of tasks that run on. */
export interface ReplicatedService {
  /** Absent in a request is 1. */
  readonly Replicas?: number;
}

/** One task on each node. */
export type GlobalService = Readonly<Record<string, never>>;

/** A number of tasks that end. */
export interface ReplicatedJob {
  readonly MaxConcurrent?: number;
  readonly TotalCompletions?: number;
}

/** One task on each node that ends. */
export type GlobalJob = Readonly<Record<string, never>>;

/** Exactly one is set. */
export interface ServiceMode {
  readonly Replicated?: ReplicatedService;
  readonly Global?: GlobalService;
  readonly ReplicatedJob?: ReplicatedJob;
  readonly GlobalJob?: GlobalJob;
}

/** How tasks are replaced. Durations in nanoseconds; Parallelism 0 is all at once. */
export interface UpdateConfig {
  readonly Parallelism: number;
  readonly Delay?: number;
  readonly FailureAction?: "pause" | "continue" | "rollback";
  /** How long a new task is watched for failure; absent is 5 s. */
  readonly Monitor?: number;
  readonly MaxFailureRatio: number;
  readonly Order: "stop-first" | "start-first" | "";
}

/** A service as people want it: body of POST /services/create. */
export interface ServiceSpec extends Annotations {
  readonly TaskTemplate: TaskSpec;
  readonly Mode: ServiceMode;
  readonly UpdateConfig?: UpdateConfig;
  readonly RollbackConfig?: UpdateConfig;
  /** The older place of `TaskTemplate.Networks`. */
  readonly Networks?: readonly NetworkAttachmentConfig[];
  readonly EndpointSpec?: EndpointSpec;
}

/** How far an update is. */
export interface UpdateStatus {
  readonly State?:
    | "updating"
    | "paused"
    | "completed"
    | "rollback_started"
    | "rollback_paused"
    | "rollback_completed";
  readonly StartedAt?: string;
  readonly CompletedAt?: string;
  readonly Message?: string;
}

/** Task counts, given on GET /services?status=true. */
export interface ServiceStatus {
  readonly RunningTasks: number;
  readonly DesiredTasks: number;
  readonly CompletedTasks: number;
}

/** Which run a job is in. `LastExecution` is a time. */
export interface JobStatus {
  readonly JobIteration: Version;
  readonly LastExecution: string;
}

/** GET /services/{id} */
export interface Service extends ObjectMeta {
  readonly Spec: ServiceSpec;
  readonly PreviousSpec?: ServiceSpec;
  readonly Endpoint: Endpoint;
  readonly UpdateStatus?: UpdateStatus;
  readonly ServiceStatus?: ServiceStatus;
  readonly JobStatus?: JobStatus;
}

/** Answer of POST /services/create. */
export interface ServiceCreateResponse {
  readonly ID: string;
  readonly Warnings?: readonly string[] | null;
}

/** Answer of POST /services/{id}/update. */
export interface ServiceUpdateResponse {
  readonly Warnings: readonly string[] | null;
}
