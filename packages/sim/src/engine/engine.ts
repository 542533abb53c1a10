import type { ContainerState, EngineEvent, Executor, Workload } from "@skein/agent";
import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { NodeDescription } from "@skein/wire";
import { chance, delay } from "../draw.ts";
import type { Process } from "../process.ts";
import { Queue } from "../queue.ts";
import type { World } from "../world.ts";
import type { SimContainer } from "./containers.ts";
import { Containers } from "./containers.ts";
import { kindOf, pullTime } from "./images.ts";

type Description = Omit<NodeDescription, "TLSInfo">;

/** The share of events that nobody hears. */
const LOST_EVENTS = 0.02;

/**
 * A container engine on one host. It outlives agents; when it restarts its containers end, as
 * Docker's do without live-restore.
 */
export class SimEngine {
  readonly containers: Containers;
  /** Files of tasks: task id to the names of secrets and configs in them. */
  readonly files: Map<string, readonly string[]> = new Map();
  /** Two containers wanted one port of the host: told with the container that lost. */
  onPortClash: (container: SimContainer, holder: SimContainer) => void = () => {};
  /** Told of containers that are removed without having been stopped. */
  onRemoved: (container: SimContainer) => void = () => {};
  /** Told of each container that starts. */
  onStart: (container: SimContainer) => void = () => {};
  /** Calls are not answered while this is set. */
  hung = false;
  /** A planted bug: what is to be removed stays. */
  keepsEverything = false;
  #up = true;
  readonly #random: Random;
  readonly #description: Description;
  readonly #images = new Set<string>();
  readonly #listeners = new Map<Queue<EngineEvent>, Process>();

  constructor(world: World, random: Random, description: Description) {
    this.#random = random;
    this.#description = description;
    this.containers = new Containers(world, random, (event) => this.#emit(event));
  }

  /** From now on containers end only when they are told to, or have done their work. */
  calm(): void {
    this.containers.calm = true;
  }

  get up(): boolean {
    return this.#up;
  }

  /** The engine stops: its containers end. */
  halt(): void {
    if (!this.#up) return;
    for (const container of this.containers.all.values()) this.containers.end(container, 137);
    this.#up = false;
    for (const queue of this.#listeners.keys())
      queue.end(new OperationError("unavailable", "event stream broke"));
    this.#listeners.clear();
  }

  resume(): void {
    this.#up = true;
    this.hung = false;
  }

  /** The engine as one agent process sees it. */
  executorFor(process: Process): Executor {
    const call = (signal: AbortSignal): Promise<void> => this.#call(process, signal);
    const own = new AbortController().signal;
    return {
      ping: call,
      describe: async (signal) => {
        await call(signal);
        return this.#description;
      },
      prepare: (workload, signal) => this.#prepare(process, workload, signal),
      start: async (id, signal) => {
        await call(signal);
        this.#start(this.#known(id));
      },
      stop: (id, graceMs, signal) => this.#stop(process, { id, graceMs }, signal),
      kill: async (id, signal) => {
        await call(signal);
        const container = this.containers.find(id);
        if (container) this.containers.end(container, 137);
      },
      remove: async (id, signal) => {
        await call(signal);
        const container = this.containers.find(id);
        if (container?.phase === "running") this.onRemoved(container);
        if (container && !this.keepsEverything) this.containers.remove(container);
      },
      inspect: async (reference, signal) => {
        await call(signal);
        const container = this.containers.find(reference);
        return container && this.containers.stateOf(container);
      },
      list: async (signal) => {
        await call(signal);
        return [...this.containers.all.values()].map(({ id, taskId, phase, health }) => ({
          id,
          taskId,
          phase,
          ...(health ? { health } : {}),
        }));
      },
      removeFiles: async (taskId) => {
        await process.sleep(1, own);
        if (!this.keepsEverything) this.files.delete(taskId);
      },
      listFiles: async () => {
        await process.sleep(1, own);
        return [...this.files.keys()];
      },
      logs: () => new Queue(),
      events: (signal) => this.#events(process, signal),
    };
  }

  async #call(process: Process, signal: AbortSignal): Promise<void> {
    await process.sleep(delay(this.#random, 4, 400), signal);
    while (this.hung) await process.sleep(500, signal);
    if (!this.#up) throw new OperationError("unavailable", "cannot connect to the engine");
  }

  #known(id: string): SimContainer {
    const container = this.containers.find(id);
    if (!container) throw new OperationError("not-found", `No such container: ${id}`);
    return container;
  }

  async #prepare(
    process: Process,
    workload: Workload,
    signal: AbortSignal,
  ): Promise<ContainerState> {
    await this.#call(process, signal);
    const { Image = "" } = workload.container;
    await this.#pull(process, Image, signal);
    if (workload.files.length > 0)
      this.files.set(
        workload.taskId,
        workload.files.map(({ target }) => target),
      );
    const container = this.containers.find(workload.taskName) ?? this.containers.create(workload);
    return this.containers.stateOf(container);
  }

  async #pull(process: Process, image: string, signal: AbortSignal): Promise<void> {
    if (this.#images.has(image)) return;
    const kind = kindOf(image);
    await process.sleep(pullTime(this.#random), signal);
    await this.#call(process, signal);
    if (kind === "missing" || (kind === "flaky" && chance(this.#random, 0.3)))
      throw new OperationError("not-found", `No such image: ${image}`);
    this.#images.add(image);
  }

  #start(container: SimContainer): void {
    if (container.phase !== "created") return;
    if (container.kind === "unstartable")
      throw new OperationError("unknown", "OCI runtime create failed: exec: not found");
    for (const other of this.containers.all.values()) {
      if (other.phase !== "running") continue;
      if (!other.hostPorts.some((port) => container.hostPorts.includes(port))) continue;
      this.onPortClash(container, other);
      throw new OperationError("unknown", "Bind failed: port is already allocated");
    }
    this.containers.start(container);
    this.onStart(container);
  }

  async #stop(
    process: Process,
    asked: { readonly id: string; readonly graceMs: number | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call(process, signal);
    const container = this.containers.find(asked.id);
    if (container?.phase !== "running") return;
    const ended = new Promise<void>((resolve, reject) => {
      container.ended.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    this.containers.stop(container, asked.graceMs);
    await process.guard(ended);
    if (!this.#up) throw new OperationError("unavailable", "connection to the engine broke");
  }

  async *#events(process: Process, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    await this.#call(process, signal);
    const queue = new Queue<EngineEvent>();
    this.#listeners.set(queue, process);
    process.onEnd(() => this.#listeners.delete(queue));
    signal.addEventListener("abort", () => queue.end(), { once: true });
    try {
      yield { type: "connected" };
      yield* queue;
    } finally {
      this.#listeners.delete(queue);
    }
  }

  #emit(event: EngineEvent): void {
    for (const [queue, process] of this.#listeners)
      if (process.alive && !chance(this.#random, LOST_EVENTS)) queue.push(event);
  }
}
