import type {
  Config,
  ConfigSpec,
  DoctorReport,
  EventMessage,
  Network,
  NetworkContainer,
  NetworkCreateRequest,
  NetworkPeer,
  NetworkService,
  NetworkTrace,
  Node,
  NodeSpec,
  RestoreRequest,
  Secret,
  SecretSpec,
  Service,
  ServiceSpec,
  Swarm,
  SwarmInfo,
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockRequest,
  Task,
} from "@skein/wire";

/**
 * What the API needs from the rest of the daemon. Every call takes one plain object and answers
 * with plain data, so that a manager that is not the leader can pass most of them on as JSON
 * (everything but `swarm.init/join/leave/unlock`, `backup`, `attachments`, `info`, `events` and `logs`, which
 * are local or streams). Objects come back in the Docker API's shape, ready to be written.
 *
 * Refusals are `OperationError`s; not being a manager is the kind `unavailable` with the texts of
 * the reference, thrown before a name is looked up. References (`ref`) are resolved by the backend:
 * full id, exact name, id prefix; `not-found` or `invalid-parameter` (ambiguous) otherwise.
 */
export interface Backend {
  readonly swarm: SwarmBackend;
  readonly nodes: NodeBackend;
  readonly services: ServiceBackend;
  readonly tasks: TaskBackend;
  readonly secrets: SecretBackend;
  readonly configs: ConfigBackend;
  readonly networks: NetworkBackend;
  readonly attachments: AttachmentBackend;
  readonly logs: LogBackend;
  readonly events: EventBackend;
  readonly info: InfoBackend;
  readonly diagnosis: DiagnosisBackend;
  readonly backup: BackupBackend;
}

/** The `filters` of a list: key to accepted values. Keys are checked by the backend. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** A change that is only made if the object still has this `Version.Index`. */
interface Versioned {
  readonly ref: string;
  readonly version: number;
}

/** The answer of a create call. */
interface Created {
  readonly ID: string;
}

/** What `docker swarm update` asks for besides the new spec. */
export interface SwarmUpdateFlags {
  readonly rotateWorkerToken: boolean;
  readonly rotateManagerToken: boolean;
  readonly rotateManagerUnlockKey: boolean;
}

/** Membership of this node, and the cluster object. */
export interface SwarmBackend {
  /** Resolves to the id of the new first node. */
  init(input: { readonly request: SwarmInitRequest }): Promise<string>;
  join(input: { readonly request: SwarmJoinRequest }): Promise<void>;
  leave(input: { readonly force: boolean }): Promise<void>;
  /** With join tokens. */
  inspect(): Promise<Swarm>;
  update(input: {
    readonly version: number;
    readonly spec: SwarmSpec;
    readonly flags: SwarmUpdateFlags;
  }): Promise<void>;
  /** The empty string when autolock is off. */
  unlockKey(): Promise<string>;
  unlock(input: { readonly request: SwarmUnlockRequest }): Promise<void>;
}

export interface NodeBackend {
  list(input: { readonly filters: Filters }): Promise<readonly Node[]>;
  get(input: { readonly ref: string }): Promise<Node>;
  update(input: Versioned & { readonly spec: NodeSpec }): Promise<void>;
  remove(input: { readonly ref: string; readonly force: boolean }): Promise<void>;
}

export interface ServiceBackend {
  /** `status` adds ServiceStatus to each. */
  list(input: { readonly filters: Filters; readonly status: boolean }): Promise<readonly Service[]>;
  get(input: { readonly ref: string; readonly insertDefaults: boolean }): Promise<Service>;
  create(input: {
    readonly spec: ServiceSpec;
    /** X-Registry-Auth as it came, base64url of JSON; empty when there was none. */
    readonly registryAuth: string;
  }): Promise<Created & { readonly Warnings?: readonly string[] }>;
  update(
    input: Versioned & {
      readonly spec: ServiceSpec;
      readonly registryAuth: string;
      /** As in the query; the backend refuses words it does not know. Empty means `spec`. */
      readonly registryAuthFrom: string;
      /** As in the query: empty, `none` or `previous`; the backend refuses others. */
      readonly rollback: string;
    },
  ): Promise<{ readonly Warnings: readonly string[] | null }>;
  remove(input: { readonly ref: string }): Promise<void>;
}

export interface TaskBackend {
  list(input: { readonly filters: Filters }): Promise<readonly Task[]>;
  /** `ref` may also be a full task name, `web.1.<id>`. */
  get(input: { readonly ref: string }): Promise<Task>;
}

export interface SecretBackend {
  /** Without Data, like `get`. */
  list(input: { readonly filters: Filters }): Promise<readonly Secret[]>;
  get(input: { readonly ref: string }): Promise<Secret>;
  create(input: { readonly spec: SecretSpec }): Promise<Created>;
  update(input: Versioned & { readonly spec: SecretSpec }): Promise<void>;
  remove(input: { readonly ref: string }): Promise<void>;
}

export interface ConfigBackend {
  list(input: { readonly filters: Filters }): Promise<readonly Config[]>;
  get(input: { readonly ref: string }): Promise<Config>;
  create(input: { readonly spec: ConfigSpec }): Promise<Created>;
  update(input: Versioned & { readonly spec: ConfigSpec }): Promise<void>;
  remove(input: { readonly ref: string }): Promise<void>;
}

/**
 * The cluster's part of the networks. Unlike the other groups, `list` and `get` do not refuse on
 * workers or outside a swarm: they answer with what this node may know, possibly nothing.
 */
export interface NetworkBackend {
  list(input: { readonly filters: Filters }): Promise<readonly Network[]>;
  /** `not-found` when the cluster has no such network. */
  get(input: { readonly ref: string }): Promise<Network>;
  create(input: {
    readonly request: NetworkCreateRequest;
  }): Promise<Created & { readonly Warning?: string }>;
  remove(input: { readonly ref: string }): Promise<void>;
  /** Removes those that nobody uses; their names. None on workers and outside a swarm. */
  prune(input: { readonly filters: Filters }): Promise<readonly string[]>;
}

/** A network of the cluster, by both its names. */
export interface NamedNetwork {
  readonly id: string;
  readonly name: string;
}

/** What a node that is on a network knows of it beyond the network's own properties. */
export interface LocalNetworkView {
  /** The node's own place, by its key among the containers. */
  readonly own: readonly [string, NetworkContainer];
  readonly peers: readonly NetworkPeer[];
  readonly services: Readonly<Record<string, NetworkService>>;
}

/** A place on a network that a container is to have. */
export interface AskedPlace {
  readonly networkId: string;
  /** Those that were asked for; empty: any. */
  readonly addresses: readonly string[];
  readonly aliases: readonly string[];
}

/** A container's place on a network, for the engine. */
export interface GivenPlace {
  readonly networkId: string;
  /** The name of the engine's network. */
  readonly network: string;
  /** To be set for the container as a whole too, in versions that know no other way. */
  readonly mac?: string;
  /** The `EndpointsConfig` entry. */
  readonly endpoint: Readonly<Record<string, unknown>>;
  /** Who answers the cluster's names there. */
  readonly gateways: readonly string[];
}

/** Places for a container, until `settle` is called with the id. */
export interface HeldPlaces {
  readonly id: string;
  readonly places: readonly GivenPlace[];
}

/**
 * Containers outside of services on the cluster's networks: of this node only, also on workers. Without
 * a cluster there are no networks. Refusals come as `OperationError`s with the reference's text.
 */
export interface AttachmentBackend {
  /** The cluster's networks that this node has, by the names of the engine's networks below. */
  local(): ReadonlyMap<string, NamedNetwork>;
  /** What this node knows of one that it is on. */
  view(input: { readonly id: string }): LocalNetworkView | undefined;
  /** By id, name or id prefix, also when this node does not have it; `unavailable` without manager. */
  find(input: { readonly ref: string }): Promise<NamedNetwork | undefined>;
  /**
   * Gets addresses for a container that is about to be made (no `id`) or put on further networks, and
   * brings the networks here. `unavailable` when no manager answers in time.
   */
  hold(input: {
    readonly id?: string;
    readonly name: string;
    readonly places: readonly AskedPlace[];
  }): Promise<HeldPlaces>;
  /** Gets addresses again for a container that is about to be started; the same ones if they are free. */
  restore(input: { readonly id: string }): Promise<void>;
  /** From now on it is the engine's containers that count; resolves when the managers know them. */
  settle(input: { readonly id?: string }): Promise<void>;
  /** This host's name servers, as containers can reach them. */
  nameServers(): readonly string[];
}

/** Whose output, by reference. */
export type LogSelector =
  | { readonly kind: "service"; readonly ref: string }
  | { readonly kind: "task"; readonly ref: string };

export interface LogOptions {
  readonly follow: boolean;
  /** Lines from the end, per task; -1 is everything. */
  readonly tail: number;
  /** Seconds since the epoch, with fraction; 0 is everything. */
  readonly since: number;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** One line of output, or one chunk when the container has a terminal. */
export interface LogLine {
  readonly taskId: string;
  readonly serviceId: string;
  readonly nodeId: string;
  readonly stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds. */
  readonly timestamp: string;
  /** Attributes of the line that the log driver was told to add (`--log-opt env`, `labels`). */
  readonly attributes: Readonly<Record<string, string>>;
  /** With its line feed, if it had one. */
  readonly data: Uint8Array;
}

/** An opened log: errors of the reference and of membership come before this value does. */
export interface LogStream {
  /** Whether the output is a terminal's: it is then sent raw, without frames. */
  readonly tty: boolean;
  /**
   * Ends by itself when not following. A rejection becomes a frame on the stream's error channel
   * (`warning: incomplete log stream. ...`). Returning early must release the subscription.
   */
  readonly lines: AsyncIterable<LogLine>;
}

export interface LogBackend {
  open(input: {
    readonly selector: LogSelector;
    readonly options: LogOptions;
    readonly signal: AbortSignal;
  }): Promise<LogStream>;
}

export interface EventBackend {
  /**
   * Cluster events (`scope` is `swarm`): first those still remembered that happened at or after
   * `since` (undefined: none of them), then, with `follow`, new ones until the signal is aborted.
   * Not on a manager: none, but the subscription stays and yields once the node is one.
   */
  subscribe(input: {
    /** Nanoseconds since the epoch. */
    readonly since: bigint | undefined;
    readonly follow: boolean;
    readonly signal: AbortSignal;
  }): AsyncIterable<EventMessage>;
}

/** What is wrong, on this node or between nodes. */
interface DiagnosisBackend {
  /** Works on every node, in a cluster or not; another node's checks only a manager can ask for. */
  examine(input: {
    /** Names of groups; none: all. */
    readonly groups: readonly string[];
    /** Repairs what differs in the node's networks. */
    readonly repair: boolean;
    /** Name or id; empty: the node that is asked. */
    readonly node: string;
  }): Promise<DoctorReport>;
  trace(input: {
    /** A service, a task or an attached container. */
    readonly source: string;
    readonly destination: string;
    /** 0: only whether the other end is reached. */
    readonly port: number;
    readonly protocol: "tcp" | "udp";
  }): Promise<NetworkTrace>;
}

/** The cluster's whole state in a file, and back. */
interface BackupBackend {
  /** Lines, each with its end. Rejects before the first one when there is no manager here, or no quorum. */
  make(input: {
    /** Empty: protected by the unlock key when autolock is on, and else by nothing. */
    readonly passphrase: string;
  }): Promise<AsyncIterable<string>>;
  /** On a node in no cluster. Resolves to the id of the restored cluster's only manager. */
  restore(input: { readonly request: RestoreRequest }): Promise<string>;
}

export interface InfoBackend {
  /** The `Swarm` section of /info. Never refuses. */
  swarm(): Promise<SwarmInfo>;
  /** The `Swarm` header of /_ping: must be cheap and must not wait for other managers. */
  status(): { readonly state: SwarmInfo["LocalNodeState"]; readonly manager: boolean };
}
