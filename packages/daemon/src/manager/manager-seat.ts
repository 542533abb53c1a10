import { messageOf } from "@skein/base";
import type { Credentials } from "@skein/platform";
import type { ManagerOptions } from "./manager-options.ts";
import type { ManagerDependencies, ManagerRuntime } from "./manager-runtime.ts";
import { startManager } from "./manager-runtime.ts";

/** The pause before a manager that could not start is tried again: from, to, in milliseconds. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 5000;

/**
 * A manager on this node that starts as soon as it can: one among several needs a leader to let it in,
 * or a quorum to read the state. Until then the node goes on without it.
 */
export class ManagerSeat {
  readonly #options: () => Promise<ManagerOptions>;
  readonly #deps: ManagerDependencies;
  readonly #onStart: (manager: ManagerRuntime) => void;
  readonly #end = new AbortController();
  #runtime: ManagerRuntime | undefined;
  #problem: string | undefined;
  #working: Promise<void> = Promise.resolve();

  /** `options` are asked for anew at each attempt; `onStart` is told of the manager that runs. */
  constructor(
    options: () => Promise<ManagerOptions>,
    dependencies: ManagerDependencies,
    onStart: (manager: ManagerRuntime) => void,
  ) {
    this.#options = options;
    this.#deps = dependencies;
    this.#onStart = onStart;
  }

  /** The manager, when it runs. */
  get runtime(): ManagerRuntime | undefined {
    return this.#runtime;
  }

  /** Why it does not run yet. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Starts the manager; rejects when it can't be started now, and with the signal's reason. */
  async startNow(until?: AbortSignal): Promise<void> {
    const { signal: end } = this.#end;
    const signal = until ? AbortSignal.any([end, until]) : end;
    const waiting = (reason: string): void => {
      this.#problem = reason;
    };
    const options = await this.#options();
    this.#started(await startManager({ ...options, waiting }, this.#deps, signal));
  }

  /** Begins to start it, and goes on until it runs. `done` settles when it does, or is stopped. */
  start(): { readonly done: Promise<void> } {
    this.#working = this.#try();
    return { done: this.#working };
  }

  updateCredentials(credentials: Credentials): void {
    this.#runtime?.updateCredentials(credentials);
  }

  /** Stops the manager, or the attempts to start it. */
  async stop(): Promise<void> {
    this.#end.abort(new Error("the manager is not wanted any more"));
    await this.#working;
    await this.#runtime?.stop();
    this.#runtime = undefined;
  }

  #ended(): boolean {
    return this.#end.signal.aborted;
  }

  #started(runtime: ManagerRuntime): void {
    this.#runtime = runtime;
    this.#problem = undefined;
    this.#onStart(runtime);
  }

  async #try(): Promise<void> {
    const { clock, logger } = this.#deps;
    let rest = RETRY_MIN_MS;
    while (!this.#ended() && !this.#runtime)
      try {
        await this.startNow();
      } catch (error) {
        if (this.#ended()) return;
        if (messageOf(error) !== this.#problem)
          logger.warn("the manager does not run yet", { reason: messageOf(error) });
        this.#problem = messageOf(error);
        await clock.sleep(rest, this.#end.signal).catch(() => {
          // it is not wanted any more
        });
        rest = Math.min(rest * 2, RETRY_MAX_MS);
      }
  }
}
