/**
 * What managers and agents say to each other on a node's session: one bidirectional stream per
 * node. The agent speaks first (`hello`), the manager answers `welcome` and a full assignment set.
 */
import type {
  ConfigSpec,
  EndpointSpec,
  GenericResource,
  Network,
  NodeDescription,
  SecretSpec,
  TaskSpec,
} from "@skein/wire";
import type { AnswerMessage, InquiryMessage } from "./inquiry.ts";
import type { EncryptionSupport, NetworkKeyRing } from "./network-keys.ts";
import type { NetworkDelta, NetworkSnapshot, PortsDelta, PublishedPort } from "./network-table.ts";
import type { CertificateIssuer, TaskNetwork, TaskStatus } from "./objects.ts";
import type { TaskState } from "./task-state.ts";

/** Raised when the messages change in a way that an older peer would not understand (ADR 32). */
export const PROTOCOL_VERSION = 2;
/** Managers serve agents from this version on. */
export const OLDEST_AGENT_PROTOCOL = 1;
/** Agents and managers get on with managers from this version on. */
export const OLDEST_MANAGER_PROTOCOL = 2;

/**
 * What the tasks of one service version share. Sent with the first task that refers to it; both
 * sides forget it with the last, so that a later task brings it again.
 */
export interface SpecAssignment {
  /** `<service id>.<spec version>` */
  readonly key: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceLabels: Readonly<Record<string, string>>;
  /** Networks go by name here. */
  readonly task: TaskSpec;
  readonly endpoint?: EndpointSpec;
  readonly registryAuth?: string;
}

/** A task that this node should hold. */
export interface TaskAssignment {
  readonly id: string;
  /** The key of its {@link SpecAssignment}. */
  readonly spec: string;
  readonly slot: number;
  readonly desiredState: TaskState;
  /** The state the manager has recorded: a restarted agent does not report anything older. */
  readonly state: TaskState;
  readonly genericResources?: readonly GenericResource[];
  /** Its addresses on overlay networks. */
  readonly networks?: readonly TaskNetwork[];
}

/** A secret or config that some task here uses. */
export interface FileAssignment<Spec> {
  readonly id: string;
  readonly version: number;
  readonly spec: Spec;
}

/**
 * A set or a difference. A `full` message replaces everything; a `delta` applies to the state after
 * message `sequence - 1` and must be refused (session reopened) otherwise.
 */
export interface Assignments {
  readonly type: "assignments";
  readonly kind: "full" | "delta";
  readonly sequence: number;
  readonly specs: readonly SpecAssignment[];
  readonly tasks: readonly TaskAssignment[];
  readonly removedTasks: readonly string[];
  readonly secrets: readonly FileAssignment<SecretSpec>[];
  readonly removedSecrets: readonly string[];
  readonly configs: readonly FileAssignment<ConfigSpec>[];
  readonly removedConfigs: readonly string[];
}

/**
 * What changed on the networks of this node. The first one of a session says everything: networks
 * that it does not name are gone. Nodes on the same networks get the same message: it is encoded once.
 */
export interface NetworkNews {
  readonly type: "networks";
  readonly kind: "full" | "delta";
  /** Index of the batch; acknowledged with `networks-applied`. */
  readonly version: number;
  /** This node's data path address, and the UDP port of VXLAN; absent when they are as before. */
  readonly dataPath?: { readonly underlay: string; readonly port: number };
  /** Whole tables: of networks that are new to this node, or differ in more than their entries. */
  readonly networks: readonly NetworkSnapshot[];
  /** Of networks that it knows. */
  readonly changes: readonly NetworkDelta[];
  /** Networks that this node is no longer on. */
  readonly removed: readonly string[];
  /** All published ports; absent when there are none but those that `portChanges` tells. */
  readonly ports?: readonly PublishedPort[];
  readonly portChanges?: PortsDelta;
}

/** A place on a network that a node asks for, for a container outside of services. */
export interface WantedPlace extends TaskNetwork {
  /** Addresses are a wish: what the container had before. With `fixed` it must have these, or none. */
  readonly fixed: boolean;
}

/** A container outside of services that uses, or is about to use, networks of the cluster. */
export interface WantedAttachment {
  /** The container's id, or the node's choice while there is none. */
  readonly id: string;
  /** The container's name. */
  readonly name: string;
  readonly networks: readonly WantedPlace[];
}

/** A place that the manager did not give, and why. */
export interface RefusedPlace {
  readonly id: string;
  readonly networkId: string;
  readonly kind: "not-found" | "forbidden" | "invalid-parameter" | "failed-precondition";
  readonly message: string;
}

/**
 * The keys of encrypted networks. Sent before the first table of such a network, and with each rotation;
 * without keys when the node is on no such network any more.
 */
export interface NetworkKeyNews {
  readonly type: "network-keys";
  readonly keys?: NetworkKeyRing;
}

/** Which containers' output is wanted. */
export interface LogSubscription {
  readonly id: string;
  readonly taskIds: readonly string[];
  readonly follow: boolean;
  /** Lines from the end, per task; -1 is everything. */
  readonly tail: number;
  /** Seconds since the epoch, or 0. */
  readonly since: number;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** One piece of a task's output. */
export interface LogMessage {
  readonly taskId: string;
  readonly stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds. */
  readonly timestamp: string;
  /** `log-opt env/labels` attributes of the line. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** A manager that agents may dial. */
export interface ManagerAddress {
  readonly nodeId: string;
  /** `host:port` */
  readonly addr: string;
}

/** Agent to manager. */
export type UpMessage =
  | {
      readonly type: "hello";
      readonly protocol: number;
      /** It can do with managers from this version on; absent: only with those of its own or newer. */
      readonly oldest?: number;
      readonly description: NodeDescription;
      /** The address of this node as it knows it, or empty: the manager then takes the peer's. */
      readonly addr: string;
      /** What the node asked for when it joined; counts only the first time it is heard of. */
      readonly availability?: "active" | "pause" | "drain";
      /** Where its traffic between containers goes, if not to `addr`. */
      readonly dataPathAddr?: string;
      /** Managers only: `host:port` at which this one's cluster API is reached. */
      readonly managerAddr?: string;
      /** The version of etcd on this host, if there is one that could be used. */
      readonly etcd?: string;
      /** Whether this node may be on encrypted networks; absent: it may not. */
      readonly encryption?: EncryptionSupport;
    }
  | { readonly type: "heartbeat" }
  | {
      readonly type: "description";
      readonly description: NodeDescription;
      readonly etcd?: string;
    }
  | {
      readonly type: "statuses";
      /** Grows by one; acknowledged when durable. */
      readonly sequence: number;
      readonly statuses: readonly { readonly taskId: string; readonly status: TaskStatus }[];
    }
  /** The data plane is as the `networks` message with this version said. */
  | { readonly type: "networks-applied"; readonly version: number }
  | AnswerMessage
  /**
   * All containers of this node, outside of services, that need addresses: what is not named is freed.
   * Answered with `attachments-applied` when durable; the addresses come with the networks' tables.
   */
  | {
      readonly type: "attachments";
      /** Grows by one in a session. */
      readonly revision: number;
      readonly containers: readonly WantedAttachment[];
    }
  /** Asks for a network of the cluster by id, name or id prefix; answered with `network-found`. */
  | { readonly type: "find-network"; readonly request: number; readonly ref: string }
  /** The node shuts down on purpose: its tasks may be replaced at once. */
  | { readonly type: "leaving" };

/** Manager to agent. */
export type DownMessage =
  | {
      readonly type: "welcome";
      readonly sessionId: string;
      /** What both speak in this session; absent: what the agent said. */
      readonly protocol?: number;
      readonly heartbeatMs: number;
      /** The manager's clock, in milliseconds since the epoch. */
      readonly now?: number;
    }
  /** Sent after `welcome` and whenever one of these changes. */
  | {
      readonly type: "cluster";
      readonly role: "worker" | "manager";
      readonly wantedRole: "worker" | "manager";
      readonly managers: readonly ManagerAddress[];
      /** Every root that the node should trust now, PEM; two while the root is rotated. */
      readonly rootCertificate: string;
      /** Who should have issued the node's certificate: with another one it renews now. */
      readonly issuer?: CertificateIssuer;
      /** Raised when the node must renew its certificate now. */
      readonly renewCertificate: boolean;
    }
  | Assignments
  | NetworkNews
  | NetworkKeyNews
  /**
   * Every node has taken these tasks, which are asked to stop, out of its tables, or had its time for
   * it: no new connection comes to them.
   */
  | { readonly type: "withdrawn"; readonly taskIds: readonly string[] }
  /** Only to agents that speak protocol 2. */
  | InquiryMessage
  | {
      readonly type: "attachments-applied";
      readonly revision: number;
      readonly refused: readonly RefusedPlace[];
    }
  /** Without network when there is none of that name. */
  | { readonly type: "network-found"; readonly request: number; readonly network?: Network }
  | { readonly type: "acknowledged"; readonly sequence: number }
  /** This manager does not lead; the session ends, and is to be opened there. */
  | { readonly type: "redirect"; readonly leader: ManagerAddress }
  | { readonly type: "subscribe-logs"; readonly subscription: LogSubscription }
  | { readonly type: "unsubscribe-logs"; readonly id: string };

/** What an agent says on the stream that carries the output for one subscription. */
export type LogUpMessage =
  | { readonly type: "log"; readonly messages: readonly LogMessage[] }
  | { readonly type: "end"; readonly error?: string };

/** The remote call that carries a node's session; both sides send {@link UpMessage} and {@link DownMessage}. */
export const SESSION_METHOD = "agent.session";

/** The remote call that carries a subscription's output; the agent's first message is {@link LogStreamHello}. */
export const LOGS_METHOD = "agent.logs";

/** Opens a log stream. */
export interface LogStreamHello {
  readonly subscriptionId: string;
}
