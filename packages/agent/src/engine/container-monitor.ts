import type { Clock, Logger } from "@skein/base";
import { messageOf } from "@skein/base";
import { AUDIT_INTERVAL_MS, ENGINE_RETRY_MS, EXIT_EVENT_MS, STEP_RETRY_MS } from "../limits.ts";
import type { ContainerState, ContainerSummary, EngineEvent, Executor } from "../ports.ts";
import { isAborted, linkAbort, pause } from "../shared/cancel.ts";
import { SignalBox } from "../shared/signal-box.ts";
import { isTemporary } from "./reachability.ts";

export interface ContainerMonitorDependencies {
  readonly executor: Executor;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A container as last seen, or the news that it is gone (with its exit code, if that was heard). */
export type Observation =
  | { readonly kind: "present"; readonly container: ContainerState }
  | { readonly kind: "gone"; readonly exitCode?: number };

interface Watch {
  readonly box: SignalBox;
  /** What the last audit saw. */
  seen?: ContainerSummary;
  /** Exit code from an event: the only trace of a container that was removed at once. */
  exitCode?: number;
}

/** Exit codes kept for containers that nobody watches yet. */
const REMEMBERED_EXITS = 1000;

/**
 * Knows what containers do. The engine's events wake whoever waits for a container, who then asks
 * the engine; and every {@link AUDIT_INTERVAL_MS}, as well as on each new event stream, the whole
 * list is compared, so that a lost event costs time but not truth.
 */
export class ContainerMonitor {
  readonly #deps: ContainerMonitorDependencies;
  readonly #watches = new Map<string, Set<Watch>>();
  readonly #exits = new Map<string, number>();
  readonly #audits = new Set<(list: readonly ContainerSummary[]) => void>();
  readonly #listeners = new Set<() => void>();
  readonly #audit = new SignalBox();

  constructor(dependencies: ContainerMonitorDependencies) {
    this.#deps = dependencies;
  }

  /** Calls `listener` with the complete list of this node's task containers at each audit. */
  onAudit(listener: (list: readonly ContainerSummary[]) => void): void {
    this.#audits.add(listener);
  }

  /** Calls `listener` when something happened to any container. */
  onEvent(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Makes an audit happen soon. */
  auditSoon(): void {
    this.#audit.ring();
  }

  /** Watches the engine until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followEvents(signal), this.#auditForever(signal)]);
  }

  /**
   * Looks at the container whenever something may have happened to it, until `decide` returns a
   * value. An engine that is away is waited for. Rejects with the signal's reason.
   */
  async until<T>(
    containerId: string,
    decide: (observation: Observation) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const watch: Watch = { box: new SignalBox() };
    this.#watch(containerId, watch);
    try {
      for (;;) {
        signal.throwIfAborted();
        const observation = await this.#look(containerId, watch, signal);
        const decision = observation && decide(observation);
        if (decision !== undefined) return decision;
        if (observation) await watch.box.wait(signal);
        else await pause(this.#deps.clock, STEP_RETRY_MS, signal);
      }
    } finally {
      this.#unwatch(containerId, watch);
    }
  }

  async #look(
    containerId: string,
    watch: Watch,
    signal: AbortSignal,
  ): Promise<Observation | undefined> {
    try {
      const container = await this.#deps.executor.inspect(containerId, signal);
      if (container) return { kind: "present", container };
      const exitCode = await this.#exitCode(containerId, watch, signal);
      return { kind: "gone", ...(exitCode === undefined ? {} : { exitCode }) };
    } catch (error) {
      if (signal.aborted || !isTemporary(error)) throw error;
      return undefined;
    }
  }

  /** Of a container that is gone: only an event can have told it, and may be on its way. */
  async #exitCode(
    containerId: string,
    watch: Watch,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const told = (): number | undefined => watch.exitCode ?? this.#exits.get(containerId);
    const deadline = linkAbort(signal);
    const timer = pause(this.#deps.clock, EXIT_EVENT_MS, deadline.signal).then(deadline.abort);
    while (told() === undefined && !deadline.signal.aborted) await watch.box.wait(deadline.signal);
    deadline.abort(new Error("the wait is over"));
    await timer;
    deadline.release();
    return told();
  }

  #watch(containerId: string, watch: Watch): void {
    const watches = this.#watches.get(containerId);
    if (watches) watches.add(watch);
    else this.#watches.set(containerId, new Set([watch]));
  }

  #unwatch(containerId: string, watch: Watch): void {
    const watches = this.#watches.get(containerId);
    watches?.delete(watch);
    if (watches?.size === 0) this.#watches.delete(containerId);
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    const { executor, clock, logger } = this.#deps;
    while (!signal.aborted) {
      const link = linkAbort(signal);
      try {
        for await (const event of executor.events(link.signal)) this.#heard(event);
      } catch (error) {
        if (!isAborted(signal)) logger.debug("event stream broke", { error: messageOf(error) });
      } finally {
        link.abort(new Error("the event stream is over"));
        link.release();
      }
      await pause(clock, ENGINE_RETRY_MS, signal);
    }
  }

  #heard(event: EngineEvent): void {
    for (const listener of this.#listeners) listener();
    if (event.type === "connected") {
      this.auditSoon();
      return;
    }
    const { containerId, exitCode } = event;
    if (exitCode !== undefined) this.#remember(containerId, exitCode);
    for (const watch of this.#watches.get(containerId) ?? []) {
      if (exitCode !== undefined) watch.exitCode = exitCode;
      watch.box.ring();
    }
  }

  #remember(containerId: string, exitCode: number): void {
    this.#exits.delete(containerId);
    this.#exits.set(containerId, exitCode);
    const [oldest] = this.#exits.keys();
    if (this.#exits.size > REMEMBERED_EXITS && oldest !== undefined) this.#exits.delete(oldest);
  }

  async #auditForever(signal: AbortSignal): Promise<void> {
    const { executor, clock, logger } = this.#deps;
    while (!signal.aborted) {
      try {
        this.#compare(await executor.list(signal));
      } catch (error) {
        if (!isAborted(signal)) logger.debug("audit failed", { error: messageOf(error) });
      }
      const link = linkAbort(signal);
      await Promise.race([
        this.#audit.wait(link.signal),
        pause(clock, AUDIT_INTERVAL_MS, link.signal),
      ]);
      link.abort(new Error("the next audit begins"));
      link.release();
    }
  }

  #compare(list: readonly ContainerSummary[]): void {
    const present = new Map(list.map((summary) => [summary.id, summary]));
    for (const [id, watches] of this.#watches) {
      const summary = present.get(id);
      for (const watch of watches) {
        const same = summary?.phase === "running" && summary.health === watch.seen?.health;
        if (summary) watch.seen = summary;
        if (!same) watch.box.ring();
      }
    }
    for (const listener of this.#audits) listener(list);
  }
}
