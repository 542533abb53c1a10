import type {
  DownMessage,
  FileTemplateContext,
  LogMessage,
  LogSubscription,
  LogUpMessage,
  ManagerAddress,
  SpecAssignment,
  TaskAssignment,
  TaskStatus,
  TaskTemplateContext,
  UpMessage,
} from "@skein/model";
import type {
  ContainerSpec,
  Driver,
  GenericResource,
  NetworkAttachmentConfig,
  NodeDescription,
  PortConfig,
  ResourceRequirements,
} from "@skein/wire";
import type { WorkloadOverlay } from "./networking/ports.ts";

/** A secret or config as a file of the container: resolved and, if it is a template, expanded. */
export interface WorkloadFile {
  /** Absolute path in the container. */
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly data: Uint8Array;
}

/** Everything that an executor needs to make a task's container. Templates are expanded. */
export interface Workload {
  readonly taskId: string;
  /** `web.1.<task id>`, or `web.<node id>.<task id>` for tasks without slot; the container's name. */
  readonly taskName: string;
  readonly nodeId: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly container: ContainerSpec;
  readonly resources?: ResourceRequirements;
  readonly logDriver?: Driver;
  /** As the spec names them: here only the engine's own, `host`, `bridge` and `none`, count. */
  readonly networks: readonly NetworkAttachmentConfig[];
  /** Its places on overlay networks. */
  readonly overlays: readonly WorkloadOverlay[];
  /** Only those published in host mode. */
  readonly ports: readonly PortConfig[];
  readonly genericResources: readonly GenericResource[];
  /** base64url JSON, as in X-Registry-Auth. */
  readonly registryAuth?: string;
  readonly files: readonly WorkloadFile[];
}

/** What an engine says about one container. */
export interface ContainerState {
  readonly id: string;
  /** `created` also while it has never run; paused and restarting containers count as running. */
  readonly phase: "created" | "running" | "exited";
  /** 0 unless running. */
  readonly pid: number;
  /** Of the last run; 0 before. */
  readonly exitCode: number;
  /** Absent without health check. */
  readonly health?: "starting" | "healthy" | "unhealthy";
  /** The engine's own words when the start failed. */
  readonly error?: string;
  /** Ports of the host that lead to the container, as they really are. */
  readonly ports: readonly PortConfig[];
}

/** One line of the list of this node's task containers. */
export interface ContainerSummary {
  readonly id: string;
  readonly taskId: string;
  readonly phase: ContainerState["phase"];
  readonly health?: ContainerState["health"];
}

/**
 * Something happened at the engine. Only a hint: events get lost, and are repeated.
 * `connected` comes first on each stream and says that later events will be seen.
 */
export type EngineEvent =
  | { readonly type: "connected" }
  | {
      readonly type: "container";
      readonly containerId: string;
      /** Given when the container ended. */
      readonly exitCode?: number;
    };

/** Which part of a container's output is wanted. */
export type LogOptions = Pick<LogSubscription, "follow" | "tail" | "since" | "stdout" | "stderr">;

/** What the agent can tell of its host; the certificates' part is added by who has them. */
export type HostDescription = Omit<NodeDescription, "TLSInfo">;

/**
 * A container engine. All methods can be repeated without harm. They reject with an
 * OperationError: kind `unavailable` when the engine is not reached (the agent tries again), any
 * other kind is final and its message becomes the task's error.
 */
export interface Executor {
  /** Resolves when the engine answers. */
  ping(signal: AbortSignal): Promise<void>;
  /** Rejects (kind `failed-precondition`) when the engine is too old or in a swarm of its own. */
  describe(signal: AbortSignal): Promise<HostDescription>;
  /**
   * Pulls the image, makes volumes, files and the container; takes the container of that name when it
   * exists. A failed pull is no failure as long as the image is there.
   */
  prepare(workload: Workload, signal: AbortSignal): Promise<ContainerState>;
  /** Starts a container that has never run; any other is left as it is. */
  start(containerId: string, signal: AbortSignal): Promise<void>;
  /**
   * Sends the stop signal, and SIGKILL after `graceMs` (undefined: what the container was made with).
   * Resolves when the container does not run, or is gone.
   */
  stop(containerId: string, graceMs: number | undefined, signal: AbortSignal): Promise<void>;
  /** Sends SIGKILL. A container that does not run, or is gone, is no error. */
  kill(containerId: string, signal: AbortSignal): Promise<void>;
  /** Removes the container with its anonymous volumes, running or not. No error when it is gone. */
  remove(containerId: string, signal: AbortSignal): Promise<void>;
  /** By id or by name. Undefined when there is none. */
  inspect(container: string, signal: AbortSignal): Promise<ContainerState | undefined>;
  /** The containers of tasks, running or not. */
  list(signal: AbortSignal): Promise<readonly ContainerSummary[]>;
  /** Removes the files that {@link Executor.prepare} made for a task. */
  removeFiles(taskId: string): Promise<void>;
  /** Ids of the tasks for which files are there. */
  listFiles(): Promise<readonly string[]>;
  /** A container's output, line by line; `taskId` is copied into the messages. */
  logs(
    container: { readonly id: string; readonly taskId: string },
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<LogMessage>;
  /** Ends or rejects when the connection to the engine breaks. */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
}

/** Go templates, as they are allowed in specs. All throw an OperationError with Docker's text. */
export interface Templates {
  /** Expands env, hostname and mounts. */
  expandContainer(container: ContainerSpec, context: TaskTemplateContext): ContainerSpec;
  expandFile(text: string, context: FileTemplateContext): string;
}

/** A task as it is kept over a restart of the daemon. */
export interface StoredTask {
  readonly task: TaskAssignment;
  readonly status: TaskStatus;
}

/** What changed since the last save. */
export interface TaskStoreChanges {
  readonly tasks: readonly StoredTask[];
  readonly removedTasks: readonly string[];
  readonly specs: readonly SpecAssignment[];
  readonly removedSpecs: readonly string[];
}

/** The wanted tasks and their last status, on disk. Holds no secrets and configs. */
export interface TaskStore {
  load(): Promise<{
    readonly tasks: readonly StoredTask[];
    readonly specs: readonly SpecAssignment[];
  }>;
  /** All or nothing. Rejects (kind `internal`) when the disk refuses. */
  save(changes: TaskStoreChanges): Promise<void>;
  /** Forgets everything: the node left its cluster. */
  clear(): Promise<void>;
}

/** The managers known to this node, on disk. */
export interface RemotesStore {
  load(): Promise<readonly ManagerAddress[]>;
  save(managers: readonly ManagerAddress[]): Promise<void>;
}

/** A stream that carries the output for one subscription. */
export interface LogStream {
  /** Resolves when more may be sent; rejects when the stream is closed. */
  send(message: LogUpMessage): Promise<void>;
  /** Aborted when the manager does not want more. */
  readonly closed: AbortSignal;
  close(): void;
}

/** An open stream to a manager. */
export interface ManagerConnection {
  /** Sends in order. Dropped when the connection is closed. */
  send(message: UpMessage): void;
  /** Ends when the manager closes, rejects when the connection breaks. To be read once. */
  readonly messages: AsyncIterable<DownMessage>;
  openLogStream(subscriptionId: string): LogStream;
  /** Lets what was sent go out, and ends the stream; `atOnce` waits for nothing. */
  close(how?: { readonly atOnce?: boolean }): void;
}

/** Opens connections to managers, with this node's certificate. */
export interface ManagerDialer {
  dial(addr: string, signal: AbortSignal): Promise<ManagerConnection>;
}
