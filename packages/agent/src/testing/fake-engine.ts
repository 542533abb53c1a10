import { OperationError } from "@skein/base";
import type {
  ContainerState,
  ContainerSummary,
  EngineEvent,
  Executor,
  HostDescription,
  Workload,
} from "../ports.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface FakeContainer {
  readonly workload: Workload;
  readonly state: Mutable<ContainerState>;
}

/** What the test wants of a call that it holds back. */
interface Hold {
  readonly call: string;
  readonly release: () => void;
}

const nothing = (): void => {};

/**
 * An engine in memory, for tests: does what it is told at once, unless a test holds a call back,
 * lets calls fail, or takes the engine away. Writes down every call.
 */
export class FakeEngine {
  readonly containers: Map<string, FakeContainer> = new Map();
  readonly calls: string[] = [];
  readonly files: Set<string> = new Set();
  /** False: every call fails, and event streams break. */
  up = true;
  /** Events are lost while this is set. */
  deaf = false;
  /** Images that are not there. */
  readonly missingImages: Set<string> = new Set();
  /** Exit code of containers that get the stop signal. */
  stopExitCode = 137;
  /** Containers end with this code as soon as they are started. */
  endOnStart: number | undefined;
  description: HostDescription = {
    Hostname: "host",
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: {},
    Engine: {},
  };
  readonly #held = new Set<string>();
  readonly #holds: Hold[] = [];
  readonly #listeners = new Set<(event: EngineEvent | "broken") => void>();
  #made = 0;

  /** Calls of this name wait until {@link FakeEngine.release}. */
  hold(call: string): void {
    this.#held.add(call);
  }

  release(call: string): void {
    this.#held.delete(call);
    for (const hold of this.#holds.splice(0)) {
      if (hold.call === call) hold.release();
      else this.#holds.push(hold);
    }
  }

  /** The engine stops; its containers too when `killing` is set. */
  halt(options: { readonly killing: boolean }): void {
    this.up = false;
    for (const { state } of this.containers.values())
      if (options.killing && state.phase === "running") {
        state.phase = "exited";
        state.exitCode = 137;
      }
    for (const listener of this.#listeners) listener("broken");
  }

  /** The container of a task, which must be there. */
  ofTask(taskId: string): Mutable<ContainerState> {
    const found = [...this.containers.values()].find((one) => one.workload.taskId === taskId);
    if (!found) throw new Error(`task ${taskId} has no container`);
    return found.state;
  }

  /** The process of a task's container ends. */
  exit(taskId: string, exitCode: number): void {
    this.#end(this.ofTask(taskId), exitCode);
  }

  setHealth(taskId: string, health: NonNullable<ContainerState["health"]>): void {
    const state = this.ofTask(taskId);
    state.health = health;
    this.emit({ type: "container", containerId: state.id });
  }

  /** Somebody removes a task's container by force. */
  destroy(taskId: string): void {
    const state = this.ofTask(taskId);
    this.containers.delete(state.id);
    this.emit({ type: "container", containerId: state.id, exitCode: 137 });
  }

  /** As the agent sees it. */
  executor(): Executor {
    return {
      ping: (signal) => this.#call("ping", signal),
      describe: async (signal) => {
        await this.#call("describe", signal);
        return this.description;
      },
      prepare: (workload, signal) => this.#prepare(workload, signal),
      start: async (id, signal) => {
        await this.#call("start", signal);
        const state = this.#known(id);
        if (state.phase !== "created") return;
        state.phase = "running";
        state.pid = 42;
        if (this.containers.get(id)?.workload.container.Healthcheck) state.health = "starting";
        this.emit({ type: "container", containerId: id });
        if (this.endOnStart !== undefined) this.#end(state, this.endOnStart);
      },
      stop: async (id, graceMs, signal) => {
        await this.#call("stop", signal, `${graceMs ?? "default"}`);
        const found = this.containers.get(id);
        if (found?.state.phase === "running") this.exit(found.workload.taskId, this.stopExitCode);
      },
      kill: async (id, signal) => {
        await this.#call("kill", signal);
        const found = this.containers.get(id);
        if (found?.state.phase === "running") this.exit(found.workload.taskId, 137);
      },
      remove: async (id, signal) => {
        await this.#call("remove", signal);
        this.containers.delete(id);
      },
      inspect: async (reference, signal) => {
        await this.#call("inspect", signal);
        const found = this.#find(reference);
        return found && { ...found };
      },
      list: async (signal) => {
        await this.#call("list", signal);
        return this.#list();
      },
      removeFiles: (taskId) => {
        this.files.delete(taskId);
        return Promise.resolve();
      },
      listFiles: () => Promise.resolve([...this.files]),
      logs: (container) => this.#logs(container.taskId),
      events: (signal) => this.#events(signal),
    };
  }

  async #call(name: string, signal: AbortSignal, detail?: string): Promise<void> {
    if (!["ping", "list", "inspect", "describe"].includes(name))
      this.calls.push(detail === undefined ? name : `${name} ${detail}`);
    signal.throwIfAborted();
    if (this.#held.has(name))
      await new Promise<void>((resolve, reject) => {
        this.#holds.push({ call: name, release: resolve });
        signal.addEventListener("abort", () => reject(new OperationError("cancelled", "aborted")), {
          once: true,
        });
      });
    if (!this.up) throw new OperationError("unavailable", "no engine");
  }

  async #prepare(workload: Workload, signal: AbortSignal): Promise<ContainerState> {
    await this.#call("prepare", signal);
    const image = workload.container.Image ?? "";
    if (this.missingImages.has(image))
      throw new OperationError("not-found", `No such image: ${image}`);
    const existing = this.#find(workload.taskName);
    if (existing) return { ...existing };
    if (workload.files.length > 0) this.files.add(workload.taskId);
    this.#made += 1;
    const state: ContainerState = {
      id: `c${this.#made}`,
      phase: "created",
      pid: 0,
      exitCode: 0,
      ports: [],
    };
    this.containers.set(state.id, { workload, state });
    return { ...state };
  }

  #end(state: Mutable<ContainerState>, exitCode: number): void {
    state.phase = "exited";
    state.pid = 0;
    state.exitCode = exitCode;
    this.emit({ type: "container", containerId: state.id, exitCode });
  }

  #find(reference: string): Mutable<ContainerState> | undefined {
    const byName = [...this.containers.values()].find((c) => c.workload.taskName === reference);
    return (this.containers.get(reference) ?? byName)?.state;
  }

  #known(id: string): Mutable<ContainerState> {
    const state = this.#find(id);
    if (!state) throw new OperationError("not-found", `No such container: ${id}`);
    return state;
  }

  #list(): readonly ContainerSummary[] {
    return [...this.containers.values()].map(({ workload, state }) => ({
      id: state.id,
      taskId: workload.taskId,
      phase: state.phase,
      ...(state.health ? { health: state.health } : {}),
    }));
  }

  async *#logs(taskId: string): AsyncGenerator<{
    taskId: string;
    stream: "stdout";
    timestamp: string;
    attributes: Record<string, string>;
    data: Uint8Array;
  }> {
    for (const line of ["one\n", "two\n"])
      yield {
        taskId,
        stream: "stdout",
        timestamp: "2024-01-01T00:00:00Z",
        attributes: {},
        data: new TextEncoder().encode(line),
      };
    await Promise.resolve();
  }

  /** Tells an event, true or not. */
  emit(event: EngineEvent): void {
    if (!this.deaf) for (const listener of this.#listeners) listener(event);
  }

  async *#events(signal: AbortSignal): AsyncGenerator<EngineEvent> {
    await this.#call("events", signal);
    const queue: (EngineEvent | "broken")[] = [{ type: "connected" }];
    let wake = nothing;
    const listener = (event: EngineEvent | "broken"): void => {
      queue.push(event);
      wake();
    };
    signal.addEventListener("abort", () => listener("broken"), { once: true });
    this.#listeners.add(listener);
    try {
      for (;;) {
        const event = queue.shift();
        if (event === "broken") throw new OperationError("unavailable", "event stream broke");
        if (event) yield event;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }
}
