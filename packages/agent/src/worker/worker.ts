import { messageOf } from "@skein/base";
import type { Assignments, TaskStatus } from "@skein/model";
import type { ContainerSummary, Executor, TaskStore } from "../ports.ts";
import type { RunnerDependencies } from "../task/runner.ts";
import { TaskRunner } from "../task/runner.ts";
import type { AssignedTask } from "../task/workload.ts";
import { AssignmentSet } from "./assignment-set.ts";
import type { FileSource } from "./files.ts";
import { Saver } from "./saver.ts";

export interface WorkerDependencies extends Omit<RunnerDependencies, "files" | "report"> {
  readonly store: TaskStore;
  /** Called with each new status of a task that is in the set. */
  readonly report: (taskId: string, status: TaskStatus) => void;
}

/** Says that something waits for an event, and lets it happen. */
class Gate {
  #open = false;
  readonly #waiting = new Set<() => void>();

  open(): void {
    this.#open = true;
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  async pass(signal: AbortSignal): Promise<void> {
    if (!this.#open)
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    signal.throwIfAborted();
  }
}

/**
 * The tasks of this node: applies what managers assign, runs each task, keeps both on disk, and
 * removes what nobody wants any more.
 *
 * Invariants:
 * - A task has one runner at most.
 * - Containers that belong to no task are removed only after a manager sent a full set.
 */
export class Worker {
  readonly #deps: WorkerDependencies;
  readonly #set = new AssignmentSet();
  readonly #runners = new Map<string, TaskRunner>();
  /** Runners of tasks that left the set and are being removed. */
  readonly #leaving = new Map<string, TaskRunner>();
  readonly #saver: Saver;
  readonly #complete = new Gate();
  readonly #files: FileSource;
  readonly #stop = new AbortController();
  #knowsAll = false;
  #cleaning = false;

  constructor(dependencies: WorkerDependencies) {
    this.#deps = dependencies;
    this.#saver = new Saver(dependencies.store, dependencies.logger);
    this.#files = {
      secret: (id) => this.#set.secret(id),
      config: (id) => this.#set.config(id),
      complete: (signal) => this.#complete.pass(signal),
    };
    dependencies.monitor.onAudit((list) => void this.#removeLeftovers(list));
  }

  /** Goes on with the tasks that were here before the daemon stopped. */
  async restore(): Promise<void> {
    const { tasks, specs } = await this.#deps.store.load();
    this.#set.restore(
      tasks.map(({ task }) => task),
      specs,
    );
    for (const { task, status } of tasks) {
      const assigned = this.#set.get(task.id);
      if (assigned) this.#begin(assigned, status);
    }
  }

  /** A new session begins. */
  beginSession(): void {
    this.#set.beginSession();
  }

  /** Takes a message over. False when it does not fit: the session must be opened anew. */
  apply(message: Assignments): boolean {
    const change = this.#set.apply(message);
    if (!change) return false;
    this.#saver.putSpecs(change.specs, change.removedSpecs);
    for (const id of change.removed) this.#remove(id);
    if (message.kind === "full") {
      this.#knowsAll = true;
      this.#complete.open();
      this.#deps.monitor.auditSoon();
    }
    for (const assigned of change.changed) this.#assign(assigned);
    return true;
  }

  /** The status of each task that this agent has worked on. */
  statuses(): readonly { readonly taskId: string; readonly status: TaskStatus }[] {
    return [...this.#runners].map(([taskId, { status }]) => ({ taskId, status }));
  }

  /** The task's id in the engine, when it has a container. */
  containerOf(taskId: string): string | undefined {
    const id = this.#runners.get(taskId)?.status.container?.id;
    return id === "" ? undefined : id;
  }

  has(taskId: string): boolean {
    return this.#runners.has(taskId);
  }

  /** Ends all work; containers go on. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("the agent stops"));
    await Promise.all([...this.#runners.values(), ...this.#leaving.values()].map((r) => r.stop()));
    await this.#saver.flush();
  }

  #assign(assigned: AssignedTask): void {
    const runner = this.#runners.get(assigned.task.id);
    if (runner) {
      runner.update(assigned);
      this.#saver.putTask({ task: assigned.task, status: runner.status });
      return;
    }
    const { state } = assigned.task;
    const status = { state, timestamp: this.#deps.clock.now(), message: state };
    this.#saver.putTask({ task: assigned.task, status });
    this.#begin(assigned, status);
  }

  #begin(assigned: AssignedTask, status: TaskStatus): void {
    const { id } = assigned.task;
    const runner: TaskRunner = new TaskRunner(assigned, status, {
      ...this.#deps,
      files: this.#files,
      report: (taskId, next) => {
        if (this.#runners.get(taskId) !== runner) return; // it left the set
        this.#saver.putTask({ task: runner.assigned.task, status: next });
        this.#deps.report(taskId, next);
      },
    });
    this.#runners.set(id, runner);
    runner.start();
  }

  #remove(id: string): void {
    const runner = this.#runners.get(id);
    if (!runner) return;
    this.#runners.delete(id);
    this.#leaving.set(id, runner);
    this.#saver.removeTask(id);
    runner.remove().then(
      () => void this.#leaving.delete(id),
      () => {}, // the agent stops: the leftover goes when it is back
    );
  }

  /** Removes containers and files of tasks that are in no set. */
  async #removeLeftovers(list: readonly ContainerSummary[]): Promise<void> {
    if (!this.#knowsAll || this.#cleaning) return;
    this.#cleaning = true;
    const { executor, logger } = this.#deps;
    const unknown = (taskId: string): boolean =>
      !this.#set.has(taskId) && !this.#leaving.has(taskId);
    try {
      for (const { id, taskId, phase } of list.filter((one) => unknown(one.taskId))) {
        logger.info("leftover container removed", { taskId, containerId: id });
        await removeLeftover(executor, id, phase === "running", this.#stop.signal);
      }
      for (const taskId of await executor.listFiles())
        if (unknown(taskId)) await executor.removeFiles(taskId);
    } catch (error) {
      if (!this.#stop.signal.aborted)
        logger.warn("leftovers not removed yet", { error: messageOf(error) });
    } finally {
      this.#cleaning = false;
    }
  }
}

/** The spec is not known any more: the engine uses the grace period that it was given at creation. */
const removeLeftover = async (
  executor: Executor,
  id: string,
  running: boolean,
  signal: AbortSignal,
): Promise<void> => {
  if (running) await executor.stop(id, undefined, signal);
  await executor.remove(id, signal);
};
