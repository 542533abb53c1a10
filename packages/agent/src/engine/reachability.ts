import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import { ENGINE_LOSS_MS, ENGINE_RETRY_MS, PING_INTERVAL_MS, PING_TIMEOUT_MS } from "../limits.ts";
import type { Executor } from "../ports.ts";
import { isAborted, pause, withTimeout } from "../shared/cancel.ts";

export interface ReachabilityDependencies {
  readonly executor: Executor;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Listener = (up: boolean) => void;

/**
 * Whether the engine is there. It counts as lost only after it has been away for
 * {@link ENGINE_LOSS_MS}, so that a restart of the engine alone moves no tasks.
 */
export class Reachability {
  readonly #deps: ReachabilityDependencies;
  readonly #listeners = new Set<Listener>();
  #up = false;
  /** Monotonic ms of the first of the present row of failures. */
  #failingSince: number | undefined;

  constructor(dependencies: ReachabilityDependencies) {
    this.#deps = dependencies;
  }

  /** False at first, and while the engine is lost. */
  get up(): boolean {
    return this.#up;
  }

  /** Calls `listener` at each change. Returns how to stop that. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when the engine is there, or the signal is aborted. */
  async whenUp(signal: AbortSignal): Promise<void> {
    if (this.#up || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        unwatch();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const unwatch = this.watch((up) => {
        if (up) done();
      });
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** Asks the engine again and again until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const answered = await this.#ask(signal);
      if (isAborted(signal)) return;
      await pause(this.#deps.clock, answered ? PING_INTERVAL_MS : ENGINE_RETRY_MS, signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<boolean> {
    const { executor, clock } = this.#deps;
    const asked = clock.monotonic();
    try {
      await withTimeout(clock, PING_TIMEOUT_MS, signal, (limited) => executor.ping(limited));
      this.#failingSince = undefined;
      this.#set(true);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#failingSince ??= asked;
      if (clock.monotonic() - this.#failingSince >= ENGINE_LOSS_MS) this.#set(false, error);
      return false;
    }
  }

  #set(up: boolean, error?: unknown): void {
    if (this.#up === up) return;
    this.#up = up;
    if (up) this.#deps.logger.info("engine reached");
    else this.#deps.logger.error("engine lost", { error: messageOf(error) });
    for (const listener of this.#listeners) listener(up);
  }
}

/** Whether an error means that the engine (or the network) was away, and a later try may succeed. */
export const isTemporary = (error: unknown): boolean =>
  error instanceof OperationError &&
  (error.kind === "unavailable" || error.kind === "deadline-exceeded");
