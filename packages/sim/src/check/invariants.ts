import type { Node, Service, Task } from "@skein/model";
import { compareStates, isTerminal } from "@skein/model";
import type { Change, CommittedBatch, LogBatch, View } from "@skein/store";
import type { World } from "../world.ts";
import { concernsAddresses, sharedAddress } from "./addresses.ts";
import { Mirror, slotOf } from "./mirror.ts";
import { misplaced, specOf } from "./room.ts";

/** How long a task that was asked to stop keeps its successor waiting at most, in ms. */
const STOP_LIMIT_MS = 60_000;
/** A node that changed its state this lately may have tasks of which nothing is known, in ms. */
const UNSETTLED_MS = 120_000;

const isGlobal = (service: Service | undefined): boolean =>
  service?.spec.Mode.Global !== undefined || service?.spec.Mode.GlobalJob !== undefined;

const isStartFirst = (service: Service | undefined): boolean =>
  [service?.spec, service?.previousSpec].some(
    (spec) =>
      spec?.UpdateConfig?.Order === "start-first" || spec?.RollbackConfig?.Order === "start-first",
  );

const isWanted = (task: Task): boolean =>
  (task.desiredState === "running" || task.desiredState === "complete") &&
  !isTerminal(task.status.state);

/**
 * What must hold after every durable batch, whatever fails. Violations are told to the world.
 */
export class Invariants {
  readonly mirror: Mirror = new Mirror();
  /** Told of each node that is recorded as down. */
  onDown: (nodeId: string) => void = () => {};
  readonly #world: World;
  /** When a node last changed its state, in virtual ms. */
  readonly #nodeChanged = new Map<string, number>();
  /** Services that were to be updated start-first at some time: their slots may hold two tasks. */
  readonly #overlapping = new Set<string>();
  /** When a task was asked to stop. */
  readonly #stopAsked = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A manager starts with this durable state. */
  loaded(view: View): void {
    this.#check(this.mirror.load(view));
  }

  /** A batch became durable. */
  committed(batch: CommittedBatch): void {
    this.#note(batch);
    this.mirror.apply(batch.changes);
    this.#check(batch.changes);
  }

  /** Several managers' log agrees on a batch; nobody has heard of it yet. */
  agreed(batch: LogBatch): void {
    this.committed({ index: batch.index, changes: this.mirror.changesOf(batch.records) });
  }

  /** Whether an update of the service may run two tasks in a slot. */
  mayOverlap(serviceId: string): boolean {
    return this.#overlapping.has(serviceId);
  }

  /** A node is sent these secrets: a task there must need each of them. */
  told(nodeId: string, secrets: readonly string[]): void {
    if (secrets.length === 0) return;
    const needed = new Set(
      this.mirror
        .tasksOfNode(nodeId)
        .filter(({ status }) => !isTerminal(status.state))
        .flatMap((task) => specOf(this.mirror, task)?.task.ContainerSpec?.Secrets ?? [])
        .map(({ SecretID }) => SecretID),
    );
    for (const id of secrets)
      if (!needed.has(id)) this.#world.violated(`secret ${id} was sent to ${nodeId} without need`);
  }

  #note({ index, changes }: CommittedBatch): void {
    const { trace, now } = this.#world;
    for (const change of changes) {
      const { table, id, after } = change;
      if (table === "tasks" && after)
        trace.note(
          now,
          `#${index} task ${id} ${after.serviceId}/${after.slot} v${after.specVersion} on ${after.nodeId ?? "-"} ${after.status.state} -> ${after.desiredState} ${after.status.err ?? ""}`,
        );
      else if (table === "nodes" && after)
        trace.note(now, `#${index} node ${id} ${after.status.state} ${after.spec.Availability}`);
      else if (table === "services" && after)
        trace.note(
          now,
          `#${index} service ${id} v${after.specVersion} ${after.update?.state ?? ""} ${JSON.stringify(after.spec.Mode)}`,
        );
      else trace.note(now, `#${index} ${table} ${id} ${after ? "written" : "removed"}`);
    }
  }

  #check(changes: readonly Change[]): void {
    const { now } = this.#world;
    for (const change of changes)
      if (change.table === "services" && isStartFirst(change.after))
        this.#overlapping.add(change.id);
      else if (change.table === "nodes") {
        const { before, after } = change;
        if (before?.status.state === after?.status.state) continue;
        this.#nodeChanged.set(change.id, now);
        if (after?.status.state === "down") this.onDown(change.id);
      }
    const slots = new Set<string>();
    for (const change of changes) {
      if (change.table !== "tasks") continue;
      if (change.after) this.#checkTask(change.before, change.after);
      const { after } = change;
      if (after) slots.add(slotOf(after, this.#isGlobal(after)));
    }
    for (const slot of slots) this.#checkSlot(slot);
    const shared = changes.some(concernsAddresses) ? sharedAddress(this.mirror) : undefined;
    if (shared !== undefined) this.#world.violated(`address given twice: ${shared}`);
  }

  #isGlobal(task: Task): boolean {
    return isGlobal(this.mirror.rows.services.get(task.serviceId));
  }

  #checkTask(before: Task | undefined, after: Task): void {
    const { now } = this.#world;
    const was = before?.status.state ?? "new";
    const { state } = after.status;
    if (compareStates(state, was) < 0)
      this.#world.violated(`task ${after.id} went back from ${was} to ${state}`);
    if (before && compareStates(after.desiredState, before.desiredState) < 0)
      this.#world.violated(
        `task ${after.id} is wanted ${after.desiredState} after ${before.desiredState}`,
      );
    if (before?.nodeId !== undefined && before.nodeId !== after.nodeId)
      this.#world.violated(
        `task ${after.id} moved from ${before.nodeId} to ${after.nodeId ?? "-"}`,
      );
    const stops = compareStates(after.desiredState, "shutdown") >= 0;
    if (stops && !this.#stopAsked.has(after.id)) this.#stopAsked.set(after.id, now);
    const placed = compareStates(was, "assigned") < 0 && state === "assigned";
    const reason = placed ? misplaced(this.mirror, after) : undefined;
    if (reason !== undefined)
      this.#world.violated(`task ${after.id} must not be on ${after.nodeId ?? "-"}: ${reason}`);
  }

  #checkSlot(slot: string): void {
    const serviceId = slot.split("/")[0] ?? "";
    const service = this.mirror.rows.services.get(serviceId);
    if (!service) return;
    const tasks = this.mirror
      .tasksOfService(serviceId)
      .filter((task) => slotOf(task, isGlobal(service)) === slot);
    const most = this.mayOverlap(serviceId) ? 2 : 1;
    const wanted = tasks.filter(isWanted);
    if (wanted.length > most)
      this.#world.violated(
        `slot ${slot} has ${wanted.length} wanted tasks: ${wanted.map(({ id }) => id).join(", ")}`,
      );
    if (this.mayOverlap(serviceId)) return; // what was asked to stop may take its time
    const running = tasks.filter((task) => this.#surelyRuns(task));
    if (running.length > 1)
      this.#world.violated(
        `slot ${slot} has ${running.length} running tasks: ${running.map(({ id }) => id).join(", ")}`,
      );
  }

  #surelyRuns({ id, nodeId = "", status }: Task): boolean {
    return status.state === "running" && this.isSettled(nodeId, id);
  }

  /** Whether the node has been well for a while, and the task has not overrun its end. */
  isSettled(nodeId: string, taskId: string): boolean {
    const { now } = this.#world;
    const node: Node | undefined = this.mirror.rows.nodes.get(nodeId);
    return (
      node?.status.state === "ready" &&
      now - (this.#nodeChanged.get(nodeId) ?? 0) > UNSETTLED_MS &&
      now - (this.#stopAsked.get(taskId) ?? now) < STOP_LIMIT_MS
    );
  }
}
