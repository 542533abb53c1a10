import type {
  ConfigSpec,
  Driver,
  Endpoint,
  EndpointSpec,
  GenericResource,
  IPAM,
  NodeDescription,
  NodeSpec,
  PortConfig,
  SecretSpec,
  ServiceSpec,
  SwarmSpec,
  TaskSpec,
} from "@skein/wire";
import type { EncryptionSupport, NetworkKeyRing } from "./network-keys.ts";
import type { TaskState } from "./task-state.ts";

/** What every stored object has. Times are milliseconds since the epoch. */
export interface Meta {
  readonly id: string;
  /** Docker's `Version.Index`: the index of the batch that wrote the object last. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Who issues certificates, as nodes report it of their own (Docker's TLSInfo). Base64 of DER. */
export interface CertificateIssuer {
  readonly subject: string;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: string;
}

/** A root certificate and its key, PEM. */
export interface Root {
  readonly certificate: string;
  /** Empty when an external authority holds it. */
  readonly key: string;
  readonly issuer: CertificateIssuer;
}

/** The root that takes the place of another one. */
export interface NextRoot extends Root {
  /** Its certificate issued by the present root: who trusts only that one can follow. PEM. */
  readonly crossSigned: string;
  /** What join tokens carry of it, in base 36. */
  readonly digest: string;
}

/** The root of trust. */
export interface RootCa extends Root {
  /** Set while the root is being rotated (Docker's RootRotationInProgress). */
  readonly rotation?: NextRoot;
}

/**
 * The form of the stored objects. Raised when a version changes them so that the one before would
 * misread them; what is only added does not raise it (ADR 32).
 */
export const STATE_FORMAT = 1;

/** The one cluster object; its id is the O of every certificate. */
export interface Cluster extends Meta {
  /** The {@link STATE_FORMAT} that a manager must know to read the state; absent: 1. */
  readonly format?: number;
  readonly spec: SwarmSpec;
  readonly rootCa: RootCa;
  /** Complete tokens, `SWMTKN-1-...`. */
  readonly joinTokens: { readonly worker: string; readonly manager: string };
  /** `SWMKEY-1-...`, or empty when autolock is off. */
  readonly unlockKey: string;
  /** Removed nodes: node id to the time until which its certificate must be refused. */
  readonly revoked: Readonly<Record<string, number>>;
  readonly defaultAddrPool: readonly string[];
  readonly subnetSize: number;
  readonly dataPathPort: number;
  /** The state is in an etcd cluster that somebody else runs (`--store-endpoints`). */
  readonly externalStore?: true;
  /** Present while the cluster has an encrypted network. Never shown. */
  readonly networkKeys?: NetworkKeyRing;
}

/** Docker's node states; `disconnected` is shown while a node is suspect. */
export type NodeState = "unknown" | "down" | "ready" | "disconnected";

/** A host of the cluster. `spec` is wanted by people, `description` told by the agent. */
export interface Node extends Meta {
  readonly spec: NodeSpec;
  readonly description?: NodeDescription;
  readonly status: { readonly state: NodeState; readonly message: string; readonly addr: string };
  /** The role that its certificate proves; `spec.Role` is the wanted one. */
  readonly role: "worker" | "manager";
  /** `host:port` at which other nodes reach this manager. Managers only. */
  readonly managerAddr?: string;
  /** The version of etcd on the host; absent: none that could be used, so that it can't be a manager beside others. */
  readonly etcd?: string;
  /** Where its traffic between containers goes; absent: `status.addr`. */
  readonly dataPathAddr?: string;
  /** As its agent said last; absent until then. */
  readonly encryption?: EncryptionSupport;
  /** The gateway addresses that the node holds on each overlay network that its tasks use. */
  readonly attachments?: readonly NetworkAddresses[];
  /** When the newest certificate issued to it expires. Absent: nothing was recorded. */
  readonly certificateExpires?: number;
  /** When the node went down. Present exactly while `status.state` is `down`. */
  readonly downSince?: number;
}

/** Docker's update states. */
export type UpdateState =
  | "updating"
  | "paused"
  | "completed"
  | "rollback_started"
  | "rollback_paused"
  | "rollback_completed";

/** How far a rolling update is: what `docker service inspect` shows, and what survives a leader change. */
export interface UpdateProgress {
  readonly state: UpdateState;
  readonly message: string;
  readonly startedAt: number;
  readonly completedAt?: number;
  /**
   * How many slots had to be replaced when this update started (the failure ratio's divisor); 0
   * until the orchestrator has counted them.
   */
  readonly dirtySlots: number;
  /**
   * Slots whose new task failed early, each with the first such task and when it began to run, or
   * ended without. The key is the slot number, for global services the node id. The failure ratio is
   * their number over `dirtySlots`.
   */
  readonly failures: Readonly<Record<string, { readonly taskId: string; readonly at: number }>>;
  /** When the last slot was done; the monitor period runs from here. */
  readonly allCleanSince?: number;
}

/** A service: its spec, the spec before, and what the control loops keep about it. */
export interface Service extends Meta {
  readonly spec: ServiceSpec;
  /**
   * Index of the batch that last changed what tasks are made of (TaskTemplate or EndpointSpec).
   * Names the {@link SpecVersion} of new tasks. Only grows, also on a rollback.
   */
  readonly specVersion: number;
  readonly previousSpec?: ServiceSpec;
  /** Credentials for pulling the image: base64url JSON as in X-Registry-Auth. Never shown. */
  readonly registryAuth?: string;
  readonly previousRegistryAuth?: string;
  readonly endpoint?: Endpoint;
  readonly update?: UpdateProgress;
  /** Jobs only. `iteration` grows by one with each accepted update (Docker's JobIteration.Index). */
  readonly job?: { readonly iteration: number; readonly lastExecution: number };
}

/**
 * What the tasks of one service are made of, kept once per version; its id is
 * {@link specVersionId}. Deleted when neither a task nor the service refers to it.
 */
export interface SpecVersion extends Meta {
  readonly serviceId: string;
  /** Services cannot be renamed; kept here for tasks that outlive their service. */
  readonly serviceName: string;
  readonly specVersion: number;
  readonly task: TaskSpec;
  readonly endpoint?: EndpointSpec;
  readonly registryAuth?: string;
}

/** The id of a {@link SpecVersion}. */
export const specVersionId = (serviceId: string, specVersion: number): string =>
  `${serviceId}.${specVersion}`;

/** What the agent observed about a task. Written by agents; before assignment by the leader. */
export interface TaskStatus {
  readonly state: TaskState;
  /** When the observation was made, by the observer's clock. */
  readonly timestamp: number;
  readonly message: string;
  readonly err?: string;
  readonly container?: {
    readonly id: string;
    readonly pid?: number;
    readonly exitCode?: number;
  };
  /** Ports published in host mode, as the engine really mapped them. */
  readonly ports?: readonly PortConfig[];
}

/**
 * Why the orchestrators asked a task to stop.
 * - `restarted`: it ended by itself and was replaced.
 * - `ended`: it ended by itself and its restart policy allows no replacement; it goes on filling its slot.
 * - `node`: its node is down, drained, paused while it failed, or gone.
 * - `constraints`: its node no longer meets the service's constraints or reservations; shown as `rejected`.
 * - `update`: replaced by a task of a newer spec version.
 * - `surplus`: more than wanted: scaled down, one too many in a slot, its node no longer in a global set.
 * - `service`: the service was removed, or a job began a new iteration.
 */
export type StopReason =
  | "restarted"
  | "ended"
  | "node"
  | "constraints"
  | "update"
  | "surplus"
  | "service";

/** One scheduled unit of a service: a small record; the spec is in its {@link SpecVersion}. */
export interface Task extends Meta {
  readonly serviceId: string;
  readonly specVersion: number;
  /** 1.. for replicated, 0.. for replicated jobs, 0 for global. */
  readonly slot: number;
  /** Which task of its slot it is, from 1: orders a slot's history whatever clocks said. */
  readonly ordinal?: number;
  readonly nodeId?: string;
  readonly desiredState: TaskState;
  readonly status: TaskStatus;
  /** By the leader's clock: when it recorded the present `status.state`. Orders history and windows. */
  readonly appliedAt: number;
  /** By the leader's clock: when the task was first seen running. */
  readonly runningSince?: number;
  /**
   * A delayed start: the task stays at desired `ready` until `notBefore`, and then until every task
   * of its slot that was asked to stop has ended (or its node is down), at most until `latest`
   * (behaviour.md, section 8).
   */
  readonly start?: { readonly notBefore: number; readonly latest: number };
  /** Set when this task replaces one that ended by itself: counts for maxAttempts and its window. */
  readonly restartOf?: string;
  /**
   * Made by a rolling update, or replaces such a task: occupies one of its workers. Set on every task
   * that was made beside an old one in its slot.
   */
  readonly updated?: true;
  /** Why it is no longer wanted. Present exactly when `desiredState` is `shutdown` or `remove`. */
  readonly stopReason?: StopReason;
  readonly jobIteration?: number;
  /** Its addresses on overlay networks; released when it has ended. */
  readonly networks?: readonly TaskNetwork[];
  readonly genericResources?: readonly GenericResource[];
}

/** Addresses that something holds on a network, in the order of the network's subnets. */
export interface NetworkAddresses {
  readonly networkId: string;
  readonly addresses: readonly string[];
}

/** A task's place on a network. */
export interface TaskNetwork extends NetworkAddresses {
  /**
   * Names that lead there, besides its own: to all tasks of a service, or to a container outside of
   * services.
   */
  readonly aliases: readonly string[];
}

/** A subnet of a network, as it was asked for or chosen. */
export interface NetworkSubnet {
  readonly subnet: string;
  /** Addresses are only taken from this part of the subnet. */
  readonly range?: string;
  /** Shown by the API, and never given to anything else. */
  readonly gateway: string;
}

/** A cluster-scope network. */
export interface Network extends Meta {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver: { readonly name: string; readonly options: Readonly<Record<string, string>> };
  /** As it was asked for. */
  readonly ipam?: IPAM;
  /** What addresses are taken from; none for predefined networks. */
  readonly subnets: readonly NetworkSubnet[];
  /** The VXLAN network identifier; 0 for predefined networks. */
  readonly vni: number;
  readonly ipv6: boolean;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ingress: boolean;
  /**
   * Removed by its user, while tasks that are being stopped still hold addresses on it: it has no name
   * any more, is not shown, and goes with the last of them.
   */
  readonly removing?: true;
}

/**
 * A container outside of services on networks of the cluster, as its node asked for it. It is there
 * while the container may use its addresses, and goes with its node. Its id is the container's; that of
 * one that is about to be made is the node's choice.
 */
export interface Attachment extends Meta {
  readonly nodeId: string;
  /** The container's name. */
  readonly name: string;
  readonly networks: readonly TaskNetwork[];
}

/** A secret. `spec.Data` (base64) never leaves through the API. */
export interface Secret extends Meta {
  readonly spec: SecretSpec;
}

/** A config file. */
export interface Config extends Meta {
  readonly spec: ConfigSpec;
}

/** The default log driver of the cluster, as {@link SwarmSpec} holds it. */
export type LogDriver = Driver;
