import type { Node, SpecVersion, Task } from "@skein/model";
import { isDesiredAlive, specVersionId } from "@skein/model";
import type { Change, View } from "@skein/store";
import type { Demand } from "./demand.ts";
import { demandOf } from "./demand.ts";
import { FailureLog, isFailure } from "./failures.ts";
import { differsForScheduling, NodeLoad, occupiesNode } from "./node-load.ts";
import { NodeRanks } from "./node-ranks.ts";
import { TouchLog } from "./touch-log.ts";

/** Tasks that wait for a node, all of one spec version. */
export type WaitingGroup = Map<string, Task>;

const demandKey = (task: Task): string => specVersionId(task.serviceId, task.specVersion);

/**
 * Everything that the scheduler derives from the store: what each node has to carry, and which
 * tasks wait. Seeing a change twice does no harm: only the newest version of an object counts.
 *
 * Invariant: after any series of changes it equals {@link Ledger.of} on the resulting view, except
 * that failures of tasks whose record was deleted meanwhile are remembered for their time.
 */
export class Ledger {
  readonly loads: Map<string, NodeLoad> = new Map();
  readonly demands: Map<string, Demand> = new Map();
  /** Pending, wanted and without a node, by spec version. */
  readonly waiting: Map<string, WaitingGroup> = new Map();
  /** Pending, wanted, and tied to a node from the start (global services). */
  readonly preassigned: Map<string, Task> = new Map();
  /** Never given to a node and not wanted any more. */
  readonly abandoned: Map<string, Task> = new Map();
  readonly failures: FailureLog = new FailureLog();
  /** Groups, and preassigned tasks, that are new since the last {@link Ledger.settled}. */
  readonly fresh: Set<string> = new Set();
  /** Something changed that may make room for any waiting task. */
  roomChanged = true;
  /** Nodes whose description, state or labels changed. */
  readonly changedNodes: Set<string> = new Set();
  /** Nodes that changed in any way, or whose tasks did. */
  readonly touched: TouchLog = new TouchLog();
  readonly #occupying = new Map<string, Task>();
  #ranks: NodeRanks | undefined;

  /** The ledger of a state. */
  static of(view: View): Ledger {
    const ledger = new Ledger();
    for (const node of view.all("nodes").values()) ledger.#node(node.id, node);
    for (const spec of view.all("specs").values()) ledger.#spec(spec);
    for (const task of view.all("tasks").values()) {
      ledger.task(task.id, task);
      if (isFailure(task)) ledger.failures.add(demandKey(task), task.nodeId, task.appliedAt);
    }
    return ledger;
  }

  /** Brings the ledger up to date. */
  observe(changes: readonly Change[]): void {
    for (const { table, after } of changes) if (table === "specs" && after) this.#spec(after);
    for (const change of changes)
      if (change.table === "tasks") this.task(change.id, change.after, change.before);
      else if (change.table === "nodes") this.#node(change.id, change.after);
      else if (change.table === "networks" || change.table === "clusters") this.roomChanged = true;
    for (const { table, id, after } of changes)
      if (table === "specs" && !after) this.demands.delete(id);
  }

  /**
   * Takes note of one task's newest version; undefined when its record is gone, and then `former` is
   * any version of it.
   */
  task(id: string, task: Task | undefined, former?: Task): void {
    const before = this.#occupying.get(id);
    const after = occupiesNode(task) ? task : undefined;
    if (before !== after) this.#occupy(before, after);
    if (before && isFailure(task)) this.failures.add(demandKey(task), task.nodeId, task.appliedAt);
    this.#sort(id, task, former);
  }

  /** All that waits was looked at. Forgets what spec versions asked for that are gone. */
  settled(view: View): void {
    const specs = view.all("specs");
    if (this.demands.size > 2 * specs.size + 100)
      for (const key of this.demands.keys()) if (!specs.has(key)) this.demands.delete(key);
    this.fresh.clear();
    this.changedNodes.clear();
    this.roomChanged = false;
  }

  /** The nodes in order; made anew when one came or went. */
  get ranks(): NodeRanks {
    this.#ranks ??= new NodeRanks(this.loads.values());
    return this.#ranks;
  }

  #occupy(before: Task | undefined, after: Task | undefined): void {
    if (before) {
      this.#count(before, -1);
      this.#occupying.delete(before.id);
    }
    if (after) {
      this.#count(after, 1);
      this.#occupying.set(after.id, after);
    }
    if (before && before.desiredState !== after?.desiredState) this.roomChanged = true;
  }

  #count(task: Task, by: 1 | -1): void {
    const load = this.#load(task.nodeId ?? "");
    const active = load.active;
    load.count(task, this.demands.get(demandKey(task)), by);
    this.#ranks?.moved(load, active);
    this.touched.add(load);
    if (load.empty) this.loads.delete(load.id);
  }

  /** Puts the task among those that wait, are preassigned or abandoned, or takes it out. */
  #sort(id: string, task: Task | undefined, former: Task | undefined): void {
    const open = task && (task.status.state === "new" || task.status.state === "pending");
    const wanted = open && isDesiredAlive(task.desiredState);
    if (open && !wanted && task.desiredState !== "remove") this.abandoned.set(id, task);
    else this.abandoned.delete(id);
    const pending = wanted && task.status.state === "pending" ? task : undefined;
    if (pending && pending.nodeId !== undefined) {
      if (!this.preassigned.has(id)) this.fresh.add(id);
      this.preassigned.set(id, pending);
    } else {
      this.preassigned.delete(id);
    }
    const known = task ?? former;
    if (!known) return;
    if (pending && pending.nodeId === undefined) this.#enqueue(demandKey(known), pending);
    else this.#dequeue(demandKey(known), id);
  }

  #enqueue(key: string, task: Task): void {
    const group = this.waiting.get(key);
    if (!group?.has(task.id)) this.fresh.add(key);
    if (group) group.set(task.id, task);
    else this.waiting.set(key, new Map([[task.id, task]]));
  }

  #dequeue(key: string, id: string): void {
    const group = this.waiting.get(key);
    if (group?.delete(id) === true && group.size === 0) this.waiting.delete(key);
  }

  #node(id: string, node: Node | undefined): void {
    const load = this.#load(id);
    const before = load.node;
    load.describe(node);
    if ((before === undefined) !== (node === undefined)) this.#ranks = undefined;
    if (node && before && !differsForScheduling(before, node)) return;
    this.roomChanged = true;
    this.changedNodes.add(id);
    this.touched.add(load);
    if (load.empty) this.loads.delete(id);
  }

  #load(id: string): NodeLoad {
    const known = this.loads.get(id);
    if (known) return known;
    const load = new NodeLoad(id);
    this.loads.set(id, load);
    return load;
  }

  #spec(spec: SpecVersion): void {
    const demand = demandOf(spec);
    if (!this.demands.has(demand.key)) this.demands.set(demand.key, demand);
  }
}
