import type { Logger } from "@skein/base";
import { assert, messageOf } from "@skein/base";
import type { TaskState, TaskStatus } from "@skein/model";
import { isTerminal } from "@skein/model";
import { isTemporary } from "../engine/reachability.ts";
import { STEP_RETRY_MS } from "../limits.ts";
import type { LinkedAbort } from "../shared/cancel.ts";
import { linkAbort, pause } from "../shared/cancel.ts";
import { SignalBox } from "../shared/signal-box.ts";
import type { Outcome, Step } from "./machine.ts";
import { advance, nextStep } from "./machine.ts";
import type { StepDependencies } from "./steps.ts";
import { awaitTask, discardContainer, prepareTask, shutdownTask, startTask } from "./steps.ts";
import type { AssignedTask } from "./workload.ts";

export interface RunnerDependencies extends StepDependencies {
  readonly logger: Logger;
  /** Called with each new status, in order. */
  readonly report: (taskId: string, status: TaskStatus) => void;
}

type Work = Exclude<Step, "rest">;

/**
 * Moves one task through its life, one step at a time. A new desired state interrupts a step that
 * is no longer right; temporary failures of the engine are tried again without limit.
 */
export class TaskRunner {
  readonly #deps: RunnerDependencies;
  #assigned: AssignedTask;
  #status: TaskStatus;
  readonly #news = new SignalBox();
  readonly #stop = new AbortController();
  /** The step that is being done. */
  #current: { readonly step: Work; readonly abort: LinkedAbort } | undefined;
  #removing = false;
  #loop: Promise<void> | undefined;

  constructor(assigned: AssignedTask, status: TaskStatus, dependencies: RunnerDependencies) {
    this.#assigned = assigned;
    this.#status = status;
    this.#deps = dependencies;
  }

  get status(): TaskStatus {
    return this.#status;
  }

  get assigned(): AssignedTask {
    return this.#assigned;
  }

  /** Begins to work. */
  start(): void {
    assert(this.#loop === undefined, "a task runner is started once");
    this.#loop = this.#run();
  }

  /** Takes over what the manager wants now. */
  update(assigned: AssignedTask): void {
    this.#assigned = assigned;
    this.#renew();
  }

  /**
   * The task left the node's set: what still runs is stopped within its grace period, then the
   * container and the task's files are removed. Rejects only when the runner is stopped before.
   */
  async remove(): Promise<void> {
    this.#removing = true;
    this.#renew();
    await this.#loop;
    const { executor, clock, logger } = this.#deps;
    const { id } = this.#assigned.task;
    for (;;) {
      this.#stop.signal.throwIfAborted();
      const { container } = this.#status;
      try {
        await discardContainer(this.#deps, this.#assigned, container, this.#stop.signal);
        await executor.removeFiles(id);
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) throw error;
        logger.warn("task not removed yet", { taskId: id, error: messageOf(error) });
        await pause(clock, STEP_RETRY_MS, this.#stop.signal);
      }
    }
  }

  /** Ends the work and leaves the container as it is. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("the agent stops"));
    await this.#loop;
  }

  get #desired(): TaskState {
    return this.#removing ? "remove" : this.#assigned.task.desiredState;
  }

  /** Interrupts the present step unless it is still the right one. */
  #renew(): void {
    const next = nextStep(this.#status.state, this.#desired);
    if (this.#current && this.#current.step !== next)
      this.#current.abort.abort(new Error("another state is wanted"));
    this.#news.ring();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const step = nextStep(this.#status.state, this.#desired);
      if (step !== "rest") {
        await this.#work(step);
        continue;
      }
      if (this.#removing) return;
      await this.#news.wait(signal);
    }
  }

  async #work(step: Work): Promise<void> {
    const abort = linkAbort(this.#stop.signal);
    this.#current = { step, abort };
    try {
      const outcome = await this.#attempt(step, abort.signal);
      if (outcome) await this.#advance(step, outcome);
    } finally {
      this.#current = undefined;
      abort.release();
    }
  }

  async #attempt(step: Work, signal: AbortSignal): Promise<Outcome | undefined> {
    const { clock, logger } = this.#deps;
    const taskId = this.#assigned.task.id;
    try {
      return await this.#perform(step, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const err = messageOf(error);
      if (isTemporary(error)) {
        logger.debug("step put off", { taskId, step, error: err });
        await pause(clock, STEP_RETRY_MS, signal);
        return undefined;
      }
      logger.info("step failed", { taskId, step, error: err });
      return { kind: "failed", err, container: this.#status.container ?? { id: "" } };
    }
  }

  #perform(step: Work, signal: AbortSignal): Promise<Outcome> {
    const { container } = this.#status;
    switch (step) {
      case "prepare":
        return prepareTask(this.#deps, this.#assigned, signal);
      case "start":
        return startTask(this.#deps, this.#assigned, container, signal);
      case "wait":
        return awaitTask(this.#deps, this.#assigned, container, signal);
      case "shutdown":
        return shutdownTask(this.#deps, this.#assigned, container, signal);
      case "accept":
      case "begin-preparing":
      case "begin-starting":
        return Promise.resolve({ kind: "done" });
    }
  }

  async #advance(step: Work, outcome: Outcome): Promise<void> {
    const { report, executor, clock, logger } = this.#deps;
    const taskId = this.#assigned.task.id;
    const before = this.#status.state;
    this.#status = advance(this.#status, step, outcome, clock.now());
    const { state, err } = this.#status;
    logger.debug("task moved", { taskId, from: before, to: state, ...(err ? { err } : {}) });
    report(taskId, this.#status);
    if (!isTerminal(state)) return;
    // What it was told in confidence goes with it; a retry comes with the task's removal.
    await executor.removeFiles(taskId).catch((error: unknown) => {
      logger.warn("files not removed", { taskId, error: messageOf(error) });
    });
  }
}
