import type { ContainerState, EngineEvent, Workload } from "@skein/agent";
import type { Random } from "@skein/base";
import { newId } from "@skein/base";
import { chance } from "../draw.ts";
import type { World } from "../world.ts";
import type { ImageKind } from "./images.ts";
import { healthChanges, kindOf, ownEnd, stopTime } from "./images.ts";

/** One container. */
export interface SimContainer {
  readonly id: string;
  readonly name: string;
  readonly taskId: string;
  readonly serviceId: string;
  readonly kind: ImageKind;
  readonly hostPorts: readonly string[];
  phase: ContainerState["phase"];
  pid: number;
  exitCode: number;
  health: ContainerState["health"];
  /** Called when it ends or is removed. */
  readonly ended: (() => void)[];
}

/** The slot that a container is for: its name without the task's id. */
export const slotName = ({ name, taskId }: SimContainer): string =>
  name.slice(0, -taskId.length - 1);

/** Milliseconds that a stop may take when the container names no grace period. */
const DEFAULT_GRACE_MS = 10_000;

/** The containers of one engine. They go on whatever becomes of the agent. */
export class Containers {
  readonly all: Map<string, SimContainer> = new Map();
  /** Nothing fails by itself any more. */
  calm = false;
  readonly #world: World;
  readonly #random: Random;
  readonly #emit: (event: EngineEvent) => void;
  #pid = 1000;

  constructor(world: World, random: Random, emit: (event: EngineEvent) => void) {
    this.#world = world;
    this.#random = random;
    this.#emit = emit;
  }

  /** By id or name. */
  find(reference: string): SimContainer | undefined {
    return this.all.get(reference) ?? [...this.all.values()].find(({ name }) => name === reference);
  }

  create(workload: Workload): SimContainer {
    const container: SimContainer = {
      id: newId(this.#random),
      name: workload.taskName,
      taskId: workload.taskId,
      serviceId: workload.serviceId,
      kind: kindOf(workload.container.Image ?? ""),
      hostPorts: workload.ports.flatMap(({ Protocol = "tcp", PublishedPort }) =>
        PublishedPort ? [`${Protocol}/${PublishedPort}`] : [],
      ),
      phase: "created",
      pid: 0,
      exitCode: 0,
      health: undefined,
      ended: [],
    };
    this.all.set(container.id, container);
    return container;
  }

  start(container: SimContainer): void {
    this.#pid += 1;
    container.phase = "running";
    container.pid = this.#pid;
    container.health = container.kind === "sick" ? "starting" : undefined;
    this.#emit({ type: "container", containerId: container.id });
    const end = ownEnd(this.#random, container.kind);
    if (end)
      this.#later(container, end.after, () => {
        if (container.kind === "job") this.end(container, this.calm ? 0 : end.exitCode);
        else if (!this.calm) this.end(container, end.exitCode);
      });
    if (container.kind !== "sick") return;
    for (const { after, health } of healthChanges(this.#random))
      this.#later(container, after, () => {
        container.health = health;
        this.#emit({ type: "container", containerId: container.id });
      });
  }

  /** Sends the stop signal; the container ends by itself, or is killed after its grace period. */
  stop(container: SimContainer, graceMs: number = DEFAULT_GRACE_MS): void {
    const own = stopTime(this.#random, container.kind);
    const obeys = own <= graceMs;
    const exitCode = obeys ? (chance(this.#random, 0.5) ? 0 : 143) : 137;
    this.#later(container, Math.min(own, graceMs), () => this.end(container, exitCode));
  }

  end(container: SimContainer, exitCode: number): void {
    if (container.phase !== "running") return;
    container.phase = "exited";
    container.pid = 0;
    container.exitCode = exitCode;
    this.#emit({ type: "container", containerId: container.id, exitCode });
    for (const notify of container.ended.splice(0)) notify();
  }

  remove(container: SimContainer): void {
    this.end(container, 137);
    this.all.delete(container.id);
    this.#emit({ type: "container", containerId: container.id });
  }

  /** What the engine tells of a container. */
  stateOf({ id, phase, pid, exitCode, health }: SimContainer): ContainerState {
    return { id, phase, pid, exitCode, ports: [], ...(health ? { health } : {}) };
  }

  /** Does `action` later unless the container's present run is over by then. */
  #later(container: SimContainer, ms: number, action: () => void): void {
    if (ms === Infinity) return;
    const { pid } = container;
    this.#world.after(ms, () => {
      if (container.phase === "running" && container.pid === pid) action();
    });
  }
}
