import { newId } from "@skein/base";
import type { Service, StopReason, Task } from "@skein/model";
import type { Transaction } from "@skein/store";
import type { PlanContext, PlanOutcome } from "../ports.ts";
import { isJob } from "../service-spec.ts";
import { dirtyTest } from "./dirty-test.ts";
import type { Slot } from "./slots.ts";

/** What a new task has besides what its service and slot say. */
export type TaskExtras = Partial<Pick<Task, "start" | "restartOf" | "updated">>;

/** One look at one service: its edits go through here, so that slots and transaction agree. */
export class Reconciliation {
  readonly tx: Transaction;
  /** What a task of this service is wanted to reach: jobs end, services run. */
  readonly goal: "running" | "complete";
  readonly isDirty: (task: Task) => boolean;
  readonly #context: PlanContext;
  #service: Service;
  #wakeAt: number | undefined;

  constructor(tx: Transaction, service: Service, context: PlanContext) {
    this.tx = tx;
    this.#service = service;
    this.#context = context;
    this.goal = isJob(service.spec) ? "complete" : "running";
    this.isDirty = dirtyTest(tx, service);
  }

  get service(): Service {
    return this.#service;
  }

  /** Jobs: the iteration that is to run now. */
  get iteration(): number {
    return this.#service.job?.iteration ?? 0;
  }

  /** When to look again. */
  get outcome(): PlanOutcome {
    return this.#wakeAt === undefined ? {} : { wakeAt: this.#wakeAt };
  }

  /** Asks for another look at `time` at the latest. */
  wake(time: number): void {
    this.#wakeAt = Math.min(this.#wakeAt ?? time, time);
  }

  /** Writes what the update status has become. Does not change what tasks are made of. */
  putService(service: Service): void {
    this.#service = this.tx.put("services", service);
  }

  /** Adds a task of the present spec version to the slot. */
  create(slot: Slot, extras: TaskExtras): Task {
    const { service, tx } = this;
    const task = tx.put("tasks", {
      id: newId(this.#context.random),
      serviceId: service.id,
      specVersion: service.specVersion,
      slot: slot.number,
      ordinal: (slot.tasks.at(-1)?.ordinal ?? 0) + 1,
      ...(slot.nodeId === undefined ? {} : { nodeId: slot.nodeId }),
      desiredState: extras.start ? "ready" : this.goal,
      status: { state: "new", timestamp: tx.now, message: "created" },
      appliedAt: tx.now,
      ...extras,
      ...(this.goal === "complete" ? { jobIteration: this.iteration } : {}),
    });
    slot.tasks = [...slot.tasks, task];
    return task;
  }

  /** Asks the task to stop; with `remove` its record goes as well once it has. */
  stop(
    slot: Slot,
    task: Task,
    reason: StopReason,
    desired: "shutdown" | "remove" = "shutdown",
  ): void {
    const { start: _, ...rest } = task;
    this.replace(slot, { ...rest, desiredState: desired, stopReason: reason });
  }

  /** Writes a changed task of the slot. */
  replace(slot: Slot, task: Task): void {
    const written = this.tx.put("tasks", task);
    slot.tasks = slot.tasks.map((other) => (other.id === task.id ? written : other));
  }
}
