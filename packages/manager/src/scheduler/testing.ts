/** Builders for the scheduler's tests and benchmarks: a real store without control loops. */
import { seededRandom, silentLogger } from "@skein/base";
import type { Clock } from "@skein/base";
import type { Node, Task } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { Change, Draft, Transaction, View } from "@skein/store";
import { openMemoryLog, Store } from "@skein/store";
import type { EndpointSpec, NodeDescription, TaskSpec } from "@skein/wire";
import { Scheduler } from "./scheduler.ts";

/** What a test says of a node; the rest is a ready, active worker with 4 CPUs and 8 GiB. */
export interface NodeOptions {
  readonly description?: Partial<NodeDescription>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly availability?: Node["spec"]["Availability"];
  readonly state?: Node["status"]["state"];
}

/** A node named by its id. */
export const aNode = (id: string, options: NodeOptions = {}): Draft<Node> => ({
  id,
  role: "worker",
  spec: {
    Labels: options.labels ?? {},
    Role: "worker",
    Availability: options.availability ?? "active",
  },
  status: { state: options.state ?? "ready", message: "", addr: "10.0.0.1" },
  description: {
    Hostname: id,
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: { NanoCPUs: 4e9, MemoryBytes: 8 * 1024 ** 3 },
    Engine: {},
    TLSInfo: {},
    ...options.description,
  },
});

/** Writes a spec version and `count` pending tasks of it; their ids are `<service>.<slot>`. */
export const addTasks = (
  tx: Transaction,
  serviceId: string,
  count: number,
  spec: Partial<TaskSpec> = {},
  options: {
    readonly endpoint?: EndpointSpec;
    readonly nodeId?: string;
    readonly first?: number;
    readonly version?: number;
  } = {},
): void => {
  const specVersion = options.version ?? 1;
  tx.put("specs", {
    id: specVersionId(serviceId, specVersion),
    serviceId,
    serviceName: serviceId,
    specVersion,
    task: { ForceUpdate: 0, ...spec },
    ...(options.endpoint ? { endpoint: options.endpoint } : {}),
  });
  const first = options.first ?? 1;
  for (let slot = first; slot < first + count; slot += 1)
    tx.put("tasks", {
      id: `${serviceId}.${slot}`,
      serviceId,
      specVersion,
      slot,
      desiredState: "running",
      status: { state: "pending", timestamp: tx.now, message: "pending task scheduling" },
      appliedAt: tx.now,
      ...(options.nodeId === undefined ? {} : { nodeId: options.nodeId }),
    });
};

/** A store, a scheduler that observes it, and a clock that the test moves. */
export interface World {
  readonly view: View;
  readonly scheduler: Scheduler;
  now: number;
  /** Runs an edit; the scheduler hears of it. Returns what changed. */
  edit(edit: (tx: Transaction) => void): readonly Change[];
  /** Runs a pass. Returns what it changed. */
  schedule(): readonly Change[];
  /** Changes the observed state of a task. */
  observe(taskId: string, state: Task["status"]["state"]): void;
  task(id: string): Task;
  /** How many active tasks each node has, by node id. */
  spread(): Readonly<Record<string, number>>;
}

const context = { random: seededRandom(1), logger: silentLogger };

const openStore = async (clock: Clock): Promise<Store> => {
  const log = openMemoryLog();
  const store = await Store.open(log, clock);
  const leadership = await log.campaign("test", new AbortController().signal);
  store.lead(leadership, { plan: () => {}, reset: () => {}, failed: () => {} });
  await store.barrier();
  return store;
};

/** An empty world at time 1,000,000 ms. `onChanges` hears what the scheduler hears. */
export const newWorld = async (
  onChanges: (changes: readonly Change[]) => void = () => {},
): Promise<World> => {
  const time = { now: 1_000_000 };
  const clock: Clock = { now: () => time.now, monotonic: () => time.now, sleep: async () => {} };
  const store = await openStore(clock);
  const scheduler = new Scheduler();
  const run = (edit: (tx: Transaction) => void): readonly Change[] => {
    let changes: readonly Change[] = [];
    store
      .transact((tx) => {
        const mark = tx.mark();
        edit(tx);
        changes = tx.changesSince(mark);
      })
      .catch((error: unknown) => {
        throw error;
      });
    scheduler.observe(changes);
    onChanges(changes);
    return changes;
  };
  const task = (id: string): Task => {
    const found = store.view.get("tasks", id);
    if (!found) throw new Error(`no task ${id}`);
    return found;
  };
  return {
    view: store.view,
    scheduler,
    get now() {
      return time.now;
    },
    set now(now) {
      time.now = now;
    },
    edit: run,
    schedule: () => run((tx) => scheduler.schedule(tx, context)),
    observe: (id, state) => {
      const status = { state, timestamp: time.now, message: state };
      run((tx) => tx.put("tasks", { ...task(id), status, appliedAt: time.now }));
    },
    task,
    spread: () => spreadOf(store.view),
  };
};

const spreadOf = (view: View): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { id } of view.all("nodes").values()) counts[id] = 0;
  for (const { nodeId, status } of view.all("tasks").values())
    if (nodeId !== undefined && status.state === "assigned")
      counts[nodeId] = (counts[nodeId] ?? 0) + 1;
  return counts;
};
