import { existsSync } from "node:fs";
import type { Clock, Logger } from "@skein/base";
import { messageOf } from "@skein/base";
import type { EngineConnection } from "./connection.ts";

/** Podman lets systemd run its health checks. Where there is none, this must be missing. */
const SYSTEMD_SOCKET = "/run/systemd/private";

/** Podman's default, for a check without interval. */
const DEFAULT_INTERVAL_MS = 30_000;

/** A running container with a health check. */
export interface CheckedContainer {
  readonly id: string;
  /** Nanoseconds; absent or 0 is Podman's default. */
  readonly intervalNs?: number;
}

export interface PodmanHealthDependencies {
  readonly connection: EngineConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether systemd runs the checks already. */
  readonly hasSystemd?: () => boolean;
}

/**
 * Runs the health checks of task containers on a Podman without systemd, which would leave them
 * `starting` for ever. Podman itself judges the results; this only keeps the time.
 */
export class PodmanHealth {
  readonly #deps: PodmanHealthDependencies;
  readonly #running = new Map<string, AbortController>();

  constructor(dependencies: PodmanHealthDependencies) {
    this.#deps = dependencies;
  }

  /** Sees to it that the container is checked until it is gone. */
  watch(container: CheckedContainer): void {
    const { hasSystemd = () => existsSync(SYSTEMD_SOCKET) } = this.#deps;
    if (this.#running.has(container.id) || hasSystemd()) return;
    const stop = new AbortController();
    this.#running.set(container.id, stop);
    void this.#check(container, stop.signal).finally(() => this.#running.delete(container.id));
  }

  /** Ends all checking. */
  stop(): void {
    for (const stop of this.#running.values()) stop.abort(new Error("the executor stops"));
  }

  async #check({ id, intervalNs }: CheckedContainer, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    const intervalMs =
      intervalNs === undefined || intervalNs === 0 ? DEFAULT_INTERVAL_MS : intervalNs / 1e6;
    try {
      for (;;) {
        await clock.sleep(intervalMs, signal);
        await this.#run(id, signal);
      }
    } catch (error) {
      // It does not run (any more), or the engine is away: the next look at it begins anew.
      logger.debug("health checks end", { containerId: id, error: messageOf(error) });
    }
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const path = `/v4.0.0/libpod/containers/${id}/healthcheck`;
    await this.#deps.connection.request(signal, { method: "GET", path });
  }
}
