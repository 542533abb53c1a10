import { assert } from "@skein/base";
import type { Task, TaskStatus } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { Change, Transaction } from "@skein/store";
import type { PlanContext } from "../ports.ts";
import type { Demand } from "./demand.ts";
import { Eligibility } from "./eligibility.ts";
import { Ledger } from "./ledger.ts";
import type { Requirement } from "./filters.ts";
import { filters, firstRefusal } from "./filters.ts";
import type { NodeLoad } from "./node-load.ts";
import { noSuitableNode, refusalText } from "./reasons.ts";
import { Refusals } from "./refusals.ts";
import { requirementOf } from "./requirement.ts";
import { placeSpread } from "./spread.ts";

const byAge = (a: Task, b: Task): number =>
  a.createdAt - b.createdAt || a.slot - b.slot || (a.id < b.id ? -1 : 1);

/** The tasks of one spec version that wait, oldest first. */
interface Group {
  readonly demand: Demand;
  readonly tasks: readonly Task[];
}

/**
 * Gives pending tasks to nodes (behaviour.md, section 12). It keeps what it derived from the store
 * between passes, so that a pass costs what changed; {@link Scheduler.reset} forgets it.
 *
 * Every answer follows from the state alone: the same state gives the same nodes.
 */
export class Scheduler {
  #ledger: Ledger | undefined;
  #eligibility = new Eligibility();
  /** What keeps groups waiting that could not be placed. */
  readonly #refusals = new Map<string, Refusals>();

  /** Takes note of changes, its own included, in any number of calls before the next pass. */
  observe(changes: readonly Change[]): void {
    this.#ledger?.observe(changes);
  }

  /** The state went back: everything is derived anew in the next pass. */
  reset(): void {
    this.#ledger = undefined;
    this.#eligibility = new Eligibility();
    this.#refusals.clear();
  }

  /**
   * Assigns every pending task that a node can take, and tells each other one why not. What cannot
   * be placed is looked at again when something changed that may help it.
   */
  schedule(tx: Transaction, _context: PlanContext): void {
    this.#ledger ??= Ledger.of(tx);
    const ledger = this.#ledger;
    for (const nodeId of ledger.changedNodes) {
      const load = ledger.loads.get(nodeId);
      if (load) this.#eligibility.changed(load);
    }
    for (const task of ledger.abandoned.values()) this.#end(tx, ledger, task);
    if (!ledger.roomChanged && ledger.fresh.size === 0) return;
    for (const task of this.#preassigned(ledger)) this.#confirm(tx, ledger, task);
    for (const group of this.#groups(tx, ledger)) this.#place(tx, ledger, group);
    for (const key of this.#refusals.keys())
      if (!ledger.waiting.has(key)) this.#refusals.delete(key);
    ledger.settled(tx);
  }

  #preassigned(ledger: Ledger): readonly Task[] {
    const tasks = [...ledger.preassigned.values()];
    return tasks.filter(({ id }) => ledger.roomChanged || ledger.fresh.has(id)).toSorted(byAge);
  }

  #groups(tx: Transaction, ledger: Ledger): readonly Group[] {
    const groups: Group[] = [];
    for (const [key, waiting] of ledger.waiting) {
      const spec = tx.get("specs", key);
      const demand = ledger.demands.get(key);
      if (!spec || !demand || !(ledger.roomChanged || ledger.fresh.has(key))) continue;
      groups.push({ demand, tasks: [...waiting.values()].toSorted(byAge) });
    }
    const ageOf = ({ tasks: [oldest] }: Group): number => oldest?.createdAt ?? 0;
    return groups.toSorted((a, b) => ageOf(a) - ageOf(b) || (a.demand.key < b.demand.key ? -1 : 1));
  }

  #place(tx: Transaction, ledger: Ledger, { demand, tasks }: Group): void {
    const requirement = requirementOf(demand.spec, tx);
    const { ranks, touched } = ledger;
    const known = this.#refusals.get(demand.key);
    const valid = known?.ranks === ranks && known.requirement.key === requirement.key;
    if (valid) known.catchUp(touched);
    const placed =
      valid && !known.someFit ? 0 : this.#spread(tx, ledger, { demand, tasks, requirement });
    if (placed === tasks.length) return;
    const refusals =
      valid && placed === 0 ? known : new Refusals(ranks, demand, requirement, touched);
    this.#refusals.set(demand.key, refusals);
    const err = noSuitableNode(refusals.text);
    for (const task of tasks.slice(placed)) this.#explain(tx, ledger, task, err);
  }

  /** Gives tasks to nodes as far as there is room. Returns how many. */
  #spread(
    tx: Transaction,
    ledger: Ledger,
    { demand, tasks, requirement }: Group & { readonly requirement: Requirement },
  ): number {
    const { ranks } = ledger;
    let next = 0;
    const assign = (load: NodeLoad): void => {
      const task = tasks[next];
      assert(task !== undefined, "more nodes than tasks");
      next += 1;
      this.#assign(tx, ledger, task, load, "scheduler assigned task to node");
    };
    const avoided = ledger.failures.avoided(demand.key, tx.now);
    const candidates = this.#eligibility.of(ranks, demand, requirement);
    placeSpread({ ranks, demand, requirement, avoided, assign }, candidates, tasks.length);
    return next;
  }

  /** A task that was made for one node: it goes there or nowhere. */
  #confirm(tx: Transaction, ledger: Ledger, task: Task): void {
    const load = ledger.loads.get(task.nodeId ?? "");
    const demand = ledger.demands.get(specVersionId(task.serviceId, task.specVersion));
    if (!load?.node || !demand) return; // the orchestrator takes such a task away
    const requirement = requirementOf(demand.spec, tx);
    const refused = firstRefusal(load, demand, requirement);
    const message = "scheduler confirmed task can run on preassigned node";
    if (!refused) this.#assign(tx, ledger, task, load, message);
    else
      this.#explain(
        tx,
        ledger,
        task,
        refusalText(filters.map(({ name }) => Number(name === refused))),
      );
  }

  #assign(tx: Transaction, ledger: Ledger, task: Task, load: NodeLoad, message: string): void {
    const demand = ledger.demands.get(specVersionId(task.serviceId, task.specVersion));
    const generic = load.generic.choose(demand?.generic ?? []);
    const status: TaskStatus = { state: "assigned", timestamp: tx.now, message };
    const assigned = tx.put("tasks", {
      ...task,
      nodeId: load.id,
      status,
      appliedAt: tx.now,
      ...(generic.length > 0 ? { genericResources: generic } : {}),
    });
    ledger.task(task.id, assigned);
  }

  #explain(tx: Transaction, ledger: Ledger, task: Task, err: string): void {
    if (task.status.err === err) return;
    const status: TaskStatus = { ...task.status, timestamp: tx.now, err };
    ledger.task(task.id, tx.put("tasks", { ...task, status }));
  }

  /** Not wanted any more and never given to a node: nothing has to be stopped (12.12). */
  #end(tx: Transaction, ledger: Ledger, task: Task): void {
    const { message } = task.status;
    const status: TaskStatus = { state: "shutdown", timestamp: tx.now, message };
    const ended = tx.put("tasks", { ...task, status, appliedAt: tx.now });
    ledger.task(task.id, ended);
  }
}
