import { AddressAllocator } from "../allocator/addresses.ts";
import type { Cluster, Network, Node, Task } from "@skein/model";
import type { Draft } from "@skein/store";
import type { RestartPolicy, ServiceSpec, TaskSpec, UpdateConfig } from "@skein/wire";

const MS = 1e6;

/** What a test says about a node; the rest is an active, ready Linux worker. */
export interface NodeWish {
  readonly state?: Node["status"]["state"];
  readonly availability?: Node["spec"]["Availability"];
  readonly role?: Node["role"];
  readonly labels?: Readonly<Record<string, string>>;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly downSince?: number;
}

/** A node as it is recorded. */
export const aNode = (id: string, wish: NodeWish = {}): Draft<Node> => ({
  id,
  spec: {
    Labels: wish.labels ?? {},
    Role: wish.role ?? "worker",
    Availability: wish.availability ?? "active",
  },
  description: {
    Hostname: id,
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: {
      NanoCPUs: (wish.cpus ?? 64) * 1e9,
      MemoryBytes: wish.memoryBytes ?? 64e9,
    },
    Engine: {},
    TLSInfo: {},
  },
  status: { state: wish.state ?? "ready", message: "", addr: "10.0.0.1" },
  role: wish.role ?? "worker",
  ...(wish.downSince === undefined ? {} : { downSince: wish.downSince }),
});

/** Times in milliseconds. */
interface RestartWish {
  readonly condition?: RestartPolicy["Condition"];
  readonly delay?: number;
  readonly attempts?: number;
  readonly window?: number;
}

/** Times in milliseconds. */
interface UpdateWish {
  readonly parallelism?: number;
  readonly delay?: number;
  readonly monitor?: number;
  readonly ratio?: number;
  readonly action?: UpdateConfig["FailureAction"];
  readonly order?: UpdateConfig["Order"];
}

/** What a test says about a service. */
export interface ServiceWish {
  readonly name?: string;
  readonly image?: string;
  readonly replicas?: number;
  readonly mode?: ServiceSpec["Mode"];
  readonly constraints?: readonly string[];
  readonly maxPerNode?: number;
  readonly reserveCpus?: number;
  readonly restart?: RestartWish;
  readonly update?: UpdateWish;
  readonly rollback?: UpdateWish;
  readonly labels?: Readonly<Record<string, string>>;
  readonly endpoint?: ServiceSpec["EndpointSpec"];
  /** Ids of networks. */
  readonly networks?: readonly string[];
}

const restartPolicy = ({ condition, delay, attempts, window }: RestartWish): RestartPolicy => ({
  ...(condition ? { Condition: condition } : {}),
  ...(delay === undefined ? {} : { Delay: delay * MS }),
  ...(attempts === undefined ? {} : { MaxAttempts: attempts }),
  ...(window === undefined ? {} : { Window: window * MS }),
});

const updateConfig = (wish: UpdateWish): UpdateConfig => ({
  Parallelism: wish.parallelism ?? 1,
  Delay: (wish.delay ?? 0) * MS,
  Monitor: (wish.monitor ?? 5000) * MS,
  MaxFailureRatio: wish.ratio ?? 0,
  FailureAction: wish.action ?? "pause",
  Order: wish.order ?? "stop-first",
});

const placement = ({ constraints, maxPerNode }: ServiceWish): Pick<TaskSpec, "Placement"> => ({
  Placement: {
    Constraints: constraints ?? [],
    ...(maxPerNode === undefined ? {} : { MaxReplicas: maxPerNode }),
  },
});

/** A spec as the API stores it. */
export const aSpec = (wish: ServiceWish = {}): ServiceSpec => ({
  Name: wish.name ?? "web",
  Labels: wish.labels ?? {},
  TaskTemplate: {
    ContainerSpec: { Image: wish.image ?? "app:1" },
    ...placement(wish),
    ...(wish.restart ? { RestartPolicy: restartPolicy(wish.restart) } : {}),
    ...(wish.reserveCpus === undefined
      ? {}
      : { Resources: { Reservations: { NanoCPUs: wish.reserveCpus * 1e9 } } }),
    ...(wish.networks ? { Networks: wish.networks.map((Target) => ({ Target })) } : {}),
    ForceUpdate: 0,
  },
  Mode: wish.mode ?? { Replicated: { Replicas: wish.replicas ?? 1 } },
  ...(wish.update ? { UpdateConfig: updateConfig(wish.update) } : {}),
  ...(wish.rollback ? { RollbackConfig: updateConfig(wish.rollback) } : {}),
  ...(wish.endpoint ? { EndpointSpec: wish.endpoint } : {}),
});

/** A task of service `web`, recorded at time 0. */
export const aTask = (id: string, wish: Partial<Draft<Task>> = {}): Draft<Task> => ({
  id,
  serviceId: "web",
  specVersion: 1,
  slot: 1,
  desiredState: "running",
  status: { state: "running", timestamp: 0, message: "" },
  appliedAt: 0,
  ...wish,
});

/** An overlay network as it is recorded, with its first address as the gateway. */
export const aNetwork = (id: string, subnet: string, ingress = false): Draft<Network> => ({
  id,
  name: id,
  labels: {},
  driver: { name: "overlay", options: {} },
  subnets: [{ subnet, gateway: subnet.replace(/\.\d+\/\d+$/, ".1") }],
  vni: 4096,
  ipv6: false,
  internal: false,
  attachable: false,
  ingress,
});

/** The cluster object, with only what control loops read. */
export const aCluster = (historyLimit: number): Draft<Cluster> => ({
  id: "cluster",
  spec: {
    Name: "default",
    Labels: {},
    Orchestration: { TaskHistoryRetentionLimit: historyLimit },
    Raft: { ElectionTick: 10, HeartbeatTick: 1 },
    Dispatcher: {},
    CAConfig: {},
    TaskDefaults: {},
    EncryptionConfig: { AutoLockManagers: false },
  },
  rootCa: { certificate: "", key: "", issuer: { subject: "", publicKey: "" } },
  joinTokens: { worker: "", manager: "" },
  unlockKey: "",
  revoked: {},
  defaultAddrPool: ["10.0.0.0/8"],
  subnetSize: 24,
  dataPathPort: 4789,
});

/** A leader's allocator that has given nothing away. */
export const anAllocator = (): AddressAllocator => new AddressAllocator();
