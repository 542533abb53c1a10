import type { Logger, Random } from "@skein/base";
import { messageOf } from "@skein/base";
import type { Task } from "@skein/model";
import type { Change, Transaction } from "@skein/store";
import { AddressAllocator } from "./allocator/addresses.ts";
import { allocateTasks } from "./allocator/allocate.ts";
import { attachNode } from "./allocator/nodes.ts";
import { allocateService } from "./allocator/services.ts";
import { enforceNode } from "./constraint-enforcer/enforce.ts";
import { DirtySet } from "./dirty-set.ts";
import { reconcileService } from "./orchestrator/reconcile.ts";
import { DEFAULT_KEY_PERIOD_MS, planNetworkKeys } from "./networks/encryption.ts";
import { reapNetworks } from "./networks/reap.ts";
import type { PlanContext, PlanOutcome } from "./ports.ts";
import { completeRotation } from "./root-rotation/complete.ts";
import { expireRevocations } from "./root-rotation/revocations.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { reapSpec, reapTasks } from "./task-reaper/reap.ts";
import { WakeTimes } from "./wake-times.ts";

/** How often one batch goes around; what is left comes in the next one. */
const MAX_ROUNDS = 8;
/** First and longest pause before a control function that failed runs again, in milliseconds. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;
/** A wall clock that goes back less than this only delays what is due by as much, in milliseconds. */
const CLOCK_STEP_MS = 1000;

export interface PipelineDependencies {
  readonly random: Random;
  readonly logger: Logger;
  /** Told, after each run, when the pipeline wants to run again even if nothing changes. */
  readonly onWakeAt?: (time: number) => void;
  /** Shared with the operations that allocate at once, so that addresses rest before their next use. */
  readonly allocator?: AddressAllocator;
  /** How long one key of encrypted networks is used, in ms; 12 hours unless given. */
  readonly networkKeyPeriodMs?: number;
}

/**
 * The leader's control loops, fused: whatever became dirty goes in one fixed order through node
 * enforcement, orchestration, allocation, scheduling and reaping, and around again until nothing is
 * dirty; all of it joins the batch that caused it (design.md, section 3).
 *
 * - What is remembered here (dirty sets, wake-ups, retries, the scheduler's sums) is derived. After
 *   {@link Pipeline.reset} the first run looks at everything and reaches the same.
 * - A function that throws loses its own edits only; it runs again later, others go on.
 */
export class Pipeline {
  readonly #context: PlanContext;
  readonly #onWakeAt: (time: number) => void;
  readonly #scheduler = new Scheduler();
  readonly #wakeTimes = new WakeTimes();
  readonly #failures = new Map<string, number>();
  readonly #allocator: AddressAllocator;
  /** Tasks for which a network had no address left. */
  readonly #waiting = new Set<string>();
  /** Nodes for which a network had no gateway address left. */
  readonly #unattached = new Set<string>();
  readonly #keyPeriodMs: number;
  #keysDue = true;
  #dirty = new DirtySet();
  #everything = true;
  /** Whether the cluster's root and the removed nodes have to be looked at. */
  #trust = true;
  #newestTime = 0;

  constructor(dependencies: PipelineDependencies) {
    const { random, logger, onWakeAt, allocator, networkKeyPeriodMs } = dependencies;
    this.#context = { random, logger };
    this.#keyPeriodMs = networkKeyPeriodMs ?? DEFAULT_KEY_PERIOD_MS;
    this.#allocator = allocator ?? new AddressAllocator();
    this.#onWakeAt = onWakeAt ?? ((): void => {});
  }

  /** Forgets everything derived. */
  reset(): void {
    this.#scheduler.reset();
    this.#wakeTimes.clear();
    this.#failures.clear();
    this.#waiting.clear();
    this.#unattached.clear();
    this.#dirty = new DirtySet();
    this.#everything = true;
  }

  /** When the pipeline wants to run again even if nothing changes, in ms since the epoch. */
  nextWakeAt(): number | undefined {
    return this.#wakeTimes.next();
  }

  /** Runs over what `changes` made dirty and what waited for this time. */
  plan(tx: Transaction, changes: readonly Change[]): void {
    const before = tx.mark();
    let start = before;
    this.#scheduler.observe(changes);
    this.#dirty.mark(tx, changes);
    this.#watchClock(tx.now);
    this.#trust ||= changes.some(({ table }) => table === "clusters" || table === "nodes");
    if (this.#everything) {
      this.#everything = false;
      this.#trust = true;
      this.#keysDue = true;
      this.#dirty.markAll(tx);
      this.#allocate(tx, [...tx.unassigned().values()]);
    } else this.#allocate(tx, [...this.#waitingTasks(tx), ...tasksOf(changes)]);
    const touched = new DirtySet();
    const nodes = new Set(this.#dirty.nodes);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      this.#markDue(tx.now);
      if (round > 0 && this.#dirty.nodes.size + this.#dirty.services.size === 0) break;
      this.#round(tx, touched, start);
      start = tx.mark();
    }
    this.#reap(tx, touched);
    this.#attach(tx, nodes, [...changes, ...tx.changesSince(before)]);
    if (this.#trust) this.#keepTrust(tx);
    this.#renewKeys(tx, [...changes, ...tx.changesSince(before)]);
    if (this.#dirty.nodes.size + this.#dirty.services.size > 0) this.#wakeTimes.set("rest", tx.now);
    const next = this.nextWakeAt();
    if (next !== undefined) this.#onWakeAt(next);
  }

  /** After the wall clock went back, wake-ups lie too far ahead: everything is looked at anew. */
  #watchClock(now: number): void {
    if (now < this.#newestTime - CLOCK_STEP_MS) {
      this.#wakeTimes.clear();
      this.#everything = true;
      this.#newestTime = now;
    }
    this.#newestTime = Math.max(this.#newestTime, now);
  }

  #markDue(now: number): void {
    for (const key of this.#wakeTimes.due(now)) {
      const [kind, id = ""] = key.split("/");
      if (kind === "service" || kind === "reaper") this.#dirty.services.add(id);
      if (kind === "node") this.#dirty.nodes.add(id);
      if (kind === "trust") this.#trust = true;
      if (kind === "network-keys") this.#keysDue = true;
    }
  }

  #round(tx: Transaction, touched: DirtySet, start: number): void {
    const dirty = this.#dirty;
    this.#dirty = new DirtySet();
    for (const id of dirty.nodes) this.#run(tx, `node/${id}`, () => enforceNode(tx, id));
    dirty.mark(tx, tx.changesSince(start));
    for (const id of dirty.services) {
      this.#run(tx, `service/${id}`, () => reconcileService(tx, id, this.#context));
      this.#run(tx, `endpoint/${id}`, () => this.#allocateEndpoint(tx, id));
    }
    this.#allocate(tx, tasksOf(tx.changesSince(start)));
    const made = tx.changesSince(start);
    touched.mark(tx, made);
    for (const id of dirty.services) touched.services.add(id);
    for (const id of dirty.specs) touched.specs.add(id);
    this.#scheduler.observe(made);
    this.#schedule(tx);
  }

  #allocate(tx: Transaction, tasks: Iterable<Task>): void {
    for (const id of allocateTasks(tx, tasks, this.#allocator)) this.#waiting.add(id);
  }

  *#waitingTasks(tx: Transaction): Generator<Task> {
    for (const id of this.#waiting) {
      this.#waiting.delete(id);
      const task = tx.get("tasks", id);
      if (task) yield task;
    }
  }

  #allocateEndpoint(tx: Transaction, id: string): void {
    const service = tx.get("services", id);
    if (service) allocateService(tx, service, this.#allocator);
  }

  /** Nodes hold a gateway address on each network of their tasks. */
  #attach(tx: Transaction, nodes: Set<string>, changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.table === "attachments")
        for (const held of [change.before, change.after]) if (held) nodes.add(held.nodeId);
      if (change.table !== "tasks" || !(change.after ?? change.before)?.networks) continue;
      for (const task of [change.before, change.after])
        if (task?.nodeId !== undefined) nodes.add(task.nodeId);
    }
    const networks = new Set<string>();
    for (const change of changes)
      if (change.table === "tasks")
        for (const { networkId } of change.before?.networks ?? []) networks.add(networkId);
    reapNetworks(tx, networks);
    for (const id of this.#unattached) nodes.add(id);
    for (const id of nodes)
      this.#run(tx, `attachments/${id}`, () => {
        const node = tx.get("nodes", id);
        if (!node || attachNode(tx, node, this.#allocator)) this.#unattached.delete(id);
        else this.#unattached.add(id);
      });
  }

  /** Ends a rotation of the root that every node has followed, and forgets expired certificates. */
  #keepTrust(tx: Transaction): void {
    this.#trust = false;
    this.#run(tx, "trust/rotation", () => {
      completeRotation(tx, this.#context.random);
      return {};
    });
    this.#run(tx, "trust/revocations", () => expireRevocations(tx));
  }

  #renewKeys(tx: Transaction, changes: readonly Change[]): void {
    const concerned = changes.some(({ table }) => table === "networks" || table === "clusters");
    if (!concerned && !this.#keysDue) return;
    this.#keysDue = false;
    const { random } = this.#context;
    const periodMs = this.#keyPeriodMs;
    this.#run(tx, "network-keys", () => planNetworkKeys(tx, { random, periodMs }));
  }

  /** What the scheduler did may concern services again: an update tells what it waits for. */
  #schedule(tx: Transaction): void {
    const mark = tx.mark();
    this.#run(tx, "scheduler", () => this.#scheduler.schedule(tx, this.#context));
    if (this.#failures.has("scheduler")) this.#scheduler.reset();
    this.#dirty.mark(tx, tx.changesSince(mark));
  }

  #reap(tx: Transaction, touched: DirtySet): void {
    const mark = tx.mark();
    for (const id of touched.services)
      this.#run(tx, `reaper/${id}`, () => {
        reapTasks(tx, id);
        return {};
      });
    const deleted = tx.changesSince(mark);
    this.#scheduler.observe(deleted);
    const after = new DirtySet();
    after.mark(tx, deleted);
    for (const id of [...touched.specs, ...after.specs]) reapSpec(tx, id);
  }

  /** Runs one control function; when it throws, its edits are taken back and it comes again. */
  #run(tx: Transaction, key: string, plan: () => PlanOutcome | void): void {
    try {
      const outcome = tx.attempt(plan);
      this.#failures.delete(key);
      this.#wakeTimes.set(key, outcome?.wakeAt);
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      const pause = Math.min(RETRY_MS * 2 ** failures, RETRY_MAX_MS);
      this.#wakeTimes.set(key, tx.now + pause);
      this.#context.logger.error("control function failed", { key, error: messageOf(error) });
    }
  }
}

const tasksOf = (changes: readonly Change[]): readonly Task[] =>
  changes.flatMap((change) => (change.table === "tasks" && change.after ? [change.after] : []));
