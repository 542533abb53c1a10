import type { Random, VirtualClock } from "@skein/base";
import { newId, newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import { AddressAllocator, createService, Leader } from "@skein/manager";
import type { NetworkNews, Service } from "@skein/model";
import type { Transaction } from "@skein/store";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import { unlikeTables } from "./check/tables.ts";
import { DEFAULT_CLUSTER_SPEC } from "./cluster-spec.ts";
import { chance, pick } from "./draw.ts";
import { TableFollower } from "./table-follower.ts";

export interface TableChurnOptions {
  readonly seed: number;
  readonly nodes: number;
  /** How many things are done, one after the other. */
  readonly steps: number;
  /** A planted bug: what becomes of a message on its way. */
  readonly spoils?: (message: NetworkNews, step: number) => NetworkNews;
}

export interface TableChurnResult {
  /** What was unlike at the end; undefined when nothing was. */
  readonly violation: string | undefined;
  /** Entries of all nodes' tables that were compared. */
  readonly compared: number;
}

const NETWORKS = 30;
const PUBLISHED_FROM = 20_000;

/** Many nodes on many networks, of which they hear while services, tasks, nodes and sessions come and go. */
class TableChurn {
  readonly #random: Random;
  readonly #clock: VirtualClock = newVirtualClock();
  readonly #followers: readonly TableFollower[];
  readonly #options: TableChurnOptions;
  readonly #leader: Leader;
  readonly store: Store;
  #services = 0;
  #step = 0;

  private constructor(options: TableChurnOptions, store: Store, random: Random) {
    this.#options = options;
    this.#random = random;
    this.store = store;
    this.#leader = new Leader({
      store,
      clock: this.#clock,
      random,
      logger: silentLogger,
      allocator: new AddressAllocator(),
    });
    this.#followers = Array.from(
      { length: options.nodes },
      (_, index) =>
        new TableFollower(
          `node${index}`,
          this.#leader.dispatcher,
          (message) => options.spoils?.(message, this.#step) ?? message,
        ),
    );
  }

  static async open(options: TableChurnOptions): Promise<TableChurn> {
    const log = openMemoryLog(newMemoryDisk());
    const clock = newVirtualClock();
    const churn = new TableChurn(
      options,
      await Store.open(log, clock),
      seededRandom(options.seed).fork("table churn"),
    );
    churn.#leader.start(await log.campaign("manager", new AbortController().signal));
    await churn.#fill();
    return churn;
  }

  get followers(): readonly TableFollower[] {
    return this.#followers;
  }

  async run(): Promise<void> {
    for (; this.#step < this.#options.steps; this.#step += 1) {
      void this.store.transact((tx) => this.#do(tx));
      if (chance(this.#random, 0.3)) await this.#clock.settle();
      this.#disturb();
    }
    await this.#quiet();
  }

  async #fill(): Promise<void> {
    await this.store.transact((tx) => {
      tx.put("clusters", {
        id: "cluster",
        spec: DEFAULT_CLUSTER_SPEC,
        rootCa: { certificate: "", key: "", issuer: { subject: "", publicKey: "" } },
        joinTokens: { worker: "", manager: "" },
        unlockKey: "",
        revoked: {},
        defaultAddrPool: [],
        subnetSize: 24,
        dataPathPort: 4789,
      });
      for (let n = 0; n < NETWORKS; n += 1)
        tx.put("networks", {
          id: `network${n}`,
          name: n === 0 ? "ingress" : `net${n}`,
          labels: {},
          driver: { name: "overlay", options: {} },
          subnets: [{ subnet: `10.${n}.0.0/16`, gateway: `10.${n}.0.1` }],
          vni: 4096 + n,
          ipv6: false,
          internal: false,
          attachable: false,
          ingress: n === 0,
        });
      for (const { nodeId } of this.#followers)
        tx.put("nodes", {
          id: nodeId,
          role: "worker",
          spec: { Labels: {}, Role: "worker", Availability: "active" },
          status: { state: "ready", message: "", addr: "" },
        });
    });
    for (const follower of this.#followers) follower.connect();
    await this.#clock.settle();
  }

  #do(tx: Transaction): void {
    const service = pick(this.#random, [...tx.all("services").values()]);
    const draw = this.#random.next();
    if (!service || draw < 0.2) this.#create(tx);
    else if (draw < 0.3) tx.delete("services", service.id);
    else if (draw < 0.4) this.#scale(tx, service);
    else if (draw < 0.5) this.#moveNode(tx);
    else this.#moveTasks(tx, service);
  }

  #create(tx: Transaction): void {
    this.#services += 1;
    const name = `service${this.#services}`;
    const networks = [1, 1 + this.#random.integer(2)].map(
      () => `network${1 + this.#random.integer(NETWORKS - 1)}`,
    );
    const port = {
      Protocol: "tcp" as const,
      TargetPort: 80,
      PublishedPort: PUBLISHED_FROM + this.#services,
    };
    createService(tx, {
      id: newId(this.#random),
      spec: {
        Name: name,
        Labels: {},
        TaskTemplate: {
          ForceUpdate: 0,
          ContainerSpec: { Image: "web:1" },
          Networks: [...new Set(networks)].map((Target) => ({ Target })),
        },
        Mode: { Replicated: { Replicas: this.#random.integer(20) } },
        ...(chance(this.#random, 0.3)
          ? { EndpointSpec: { Ports: [{ ...port, PublishMode: "ingress" as const }] } }
          : {}),
      },
    });
  }

  #scale(tx: Transaction, service: Service): void {
    const Mode = { Replicated: { Replicas: this.#random.integer(30) } };
    tx.put("services", { ...service, spec: { ...service.spec, Mode } });
  }

  #moveNode(tx: Transaction): void {
    const node = pick(this.#random, [...tx.all("nodes").values()]);
    if (node) tx.put("nodes", { ...node, dataPathAddr: `192.0.2.${this.#random.integer(250)}` });
  }

  /** Tasks get on, or fail. */
  #moveTasks(tx: Transaction, { id }: Service): void {
    for (const task of tx.tasksOfService(id).values()) {
      if (task.nodeId === undefined || chance(this.#random, 0.3)) continue;
      const ends = task.desiredState === "shutdown" || chance(this.#random, 0.1);
      const state = ends ? "failed" : "running";
      tx.put("tasks", { ...task, status: { ...task.status, state } });
    }
  }

  /** Sessions break and come back, and nodes are slow to read. */
  #disturb(): void {
    for (const follower of this.#followers) {
      if (chance(this.#random, 0.002)) follower.disconnect();
      if (chance(this.#random, 0.3)) follower.read();
    }
  }

  async #quiet(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      await this.#clock.settle();
      for (const follower of this.#followers) follower.read();
    }
  }
}

/** Lets the tables of many nodes change for a while. Then each must be what the leader's state says. */
export const runTableChurn = async (options: TableChurnOptions): Promise<TableChurnResult> => {
  const churn = await TableChurn.open(options);
  await churn.run();
  return unlikeTables(churn.store.view, churn.followers);
};
