import type { Clock, Logger } from "@skein/base";
import { messageOf, seededRandom, silentLogger } from "@skein/base";
import type { Node, Service, Task } from "@skein/model";
import { isTerminal, specVersionId } from "@skein/model";
import type { Change, Draft, Transaction, View } from "@skein/store";
import { openMemoryLog, Store } from "@skein/store";
import { applyStatuses } from "../dispatcher/statuses.ts";
import { Pipeline } from "../pipeline.ts";
import { createService, writeSpec } from "../service-spec.ts";
import type { Fate } from "./agent.ts";
import { nextState } from "./agent.ts";
import type { ServiceWish } from "./builders.ts";
import { aCluster, aSpec } from "./builders.ts";

export interface ClusterWish {
  readonly nodes?: readonly Draft<Node>[];
  readonly historyLimit?: number;
  readonly logger?: Logger;
  /** Called with each batch after the pipeline has run over it. */
  readonly inspect?: (tx: Transaction) => void;
}

/** A store with the real pipeline, virtual time, and agents of a few lines. For tests only. */
export class TestCluster {
  now = 1_000_000;
  /** What becomes of each task that the agents hold. */
  fate: (task: Task) => Fate = () => "run";
  readonly #store: Store;
  readonly #newPipeline: () => Pipeline;
  #pipeline: Pipeline;
  /** What the pipeline or an inspection threw. */
  #failure: unknown;
  /** Edits of the pipeline in the last batch. */
  planned: readonly Change[] = [];

  private constructor(store: Store, newPipeline: () => Pipeline) {
    this.#store = store;
    this.#newPipeline = newPipeline;
    this.#pipeline = newPipeline();
  }

  static async open(wish: ClusterWish = {}): Promise<TestCluster> {
    const log = openMemoryLog();
    const random = seededRandom(1);
    const logger = wish.logger ?? silentLogger;
    const holder: { cluster?: TestCluster } = {};
    const clock: Clock = {
      now: () => holder.cluster?.now ?? 0,
      monotonic: () => 0,
      sleep: () => Promise.resolve(),
    };
    const store = await Store.open(log, clock);
    const cluster = new TestCluster(store, () => new Pipeline({ random, logger }));
    holder.cluster = cluster;
    store.lead(await log.campaign("test", new AbortController().signal), {
      plan: (tx, changes) => {
        const mark = tx.mark();
        cluster.#pipeline.plan(tx, changes);
        cluster.planned = tx.changesSince(mark);
        wish.inspect?.(tx);
      },
      reset: () => cluster.#pipeline.reset(),
      failed: (error) => {
        cluster.#failure = error;
      },
    });
    await cluster.edit((tx) => {
      tx.put("clusters", aCluster(wish.historyLimit ?? 5));
      for (const node of wish.nodes ?? []) tx.put("nodes", node);
    });
    return cluster;
  }

  get view(): View {
    return this.#store.view;
  }

  /** The time of the next wake-up. */
  get wakeAt(): number | undefined {
    return this.#pipeline.nextWakeAt();
  }

  async edit<T>(edit: (tx: Transaction) => T): Promise<T> {
    const result = await this.#store.transact(edit);
    this.#check();
    return result;
  }

  /** Another leader takes over: nothing is remembered but the state. */
  async changeLeader(): Promise<void> {
    this.#pipeline = this.#newPipeline();
    await this.wake();
  }

  async wake(): Promise<void> {
    this.#store.wake();
    await this.#store.barrier();
    this.#check();
  }

  #check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure instanceof Error ? failure : new Error(messageOf(failure));
  }

  service(id = "web"): Service {
    const service = this.view.get("services", id);
    if (!service) throw new Error(`no service ${id}`);
    return service;
  }

  create(id: string, wish: ServiceWish = {}): Promise<Service> {
    return this.edit((tx) => createService(tx, { id, spec: aSpec({ name: id, ...wish }) }));
  }

  update(id: string, wish: ServiceWish): Promise<Service> {
    return this.edit((tx) => writeSpec(tx, this.service(id), aSpec({ name: id, ...wish })));
  }

  node(id: string, change: (node: Node) => Draft<Node>): Promise<void> {
    return this.edit((tx) => {
      const node = tx.get("nodes", id);
      if (node) tx.put("nodes", change(node));
    });
  }

  setState(id: string, state: Node["status"]["state"]): Promise<void> {
    return this.node(id, ({ downSince: _since, ...node }) => ({
      ...node,
      status: { ...node.status, state },
      ...(state === "down" ? { downSince: this.now } : {}),
    }));
  }

  setAvailability(id: string, availability: Node["spec"]["Availability"]): Promise<void> {
    return this.node(id, (node) => ({
      ...node,
      spec: { ...node.spec, Availability: availability },
    }));
  }

  /** Tasks of a service by slot (or node) and age. */
  tasks(id = "web"): readonly Task[] {
    const { Global, GlobalJob } = this.view.get("services", id)?.spec.Mode ?? {};
    const node = ({ nodeId = "" }: Task): string => (Global || GlobalJob ? nodeId : "");
    return [...this.view.tasksOfService(id).values()].toSorted(
      (a, b) =>
        node(a).localeCompare(node(b)) || a.slot - b.slot || (a.ordinal ?? 0) - (b.ordinal ?? 0),
    );
  }

  /** Those that are wanted: desired ready, running or complete. */
  wanted(id = "web"): readonly Task[] {
    return this.tasks(id).filter(
      ({ desiredState }) => desiredState !== "shutdown" && desiredState !== "remove",
    );
  }

  running(id = "web"): readonly Task[] {
    return this.tasks(id).filter(({ status }) => status.state === "running");
  }

  /** The images that run, each once. */
  images(id = "web"): readonly (string | undefined)[] {
    const versions = new Set(this.running(id).map(({ specVersion }) => specVersion));
    const images = [...versions].map(
      (version) => this.view.get("specs", specVersionId(id, version))?.task.ContainerSpec?.Image,
    );
    return [...new Set(images)];
  }

  /** Each agent takes each of its tasks one state further. False when none had anything to do. */
  async step(): Promise<boolean> {
    const moves = [...this.view.all("tasks").values()].flatMap((task) => {
      const node = this.view.get("nodes", task.nodeId ?? "");
      if (node?.status.state !== "ready") return [];
      const state = nextState(task, this.fate(task));
      return state ? [{ task, state, node }] : [];
    });
    if (moves.length === 0) return false;
    await this.edit((tx) => {
      for (const { task, state, node } of moves)
        applyStatuses(tx, node.id, [
          {
            taskId: task.id,
            status: { state, timestamp: this.now, message: isTerminal(state) ? "ended" : "" },
          },
        ]);
    });
    return true;
  }

  /** Lets the agents work until nothing moves, without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 1000; i += 1) if (!(await this.step())) return;
    throw new Error("the agents do not come to rest");
  }

  /** Lets time pass, with agents at work and every wake-up kept. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.settle();
    for (let i = 0; this.wakeAt !== undefined && this.wakeAt <= end; i += 1) {
      if (i > 10_000) throw new Error("the pipeline wakes up without end");
      this.now = Math.max(this.now, this.wakeAt);
      await this.wake();
      await this.settle();
    }
    this.now = end;
    await this.wake();
    await this.settle();
  }
}

/** Tasks of the newest spec version meet this fate, older ones run. */
export const newTasksMeet =
  (cluster: TestCluster, fate: Fate) =>
  ({ serviceId, specVersion }: Task): Fate =>
    specVersion === cluster.service(serviceId).specVersion ? fate : "run";
