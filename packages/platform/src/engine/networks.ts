import type { EngineNetwork, EngineNetworks, WorkloadOverlay } from "@skein/agent";
import {
  dockerEndpointBody,
  dockerNetworkBody,
  ENGINE_PREFIX,
  podmanNetworkBody,
} from "@skein/agent";
import { messageOf, OperationError } from "@skein/base";
import type { EngineConnection } from "./connection.ts";
import type { EngineKind } from "./engine-version.ts";

const isKind = (error: unknown, ...kinds: readonly OperationError["kind"][]): boolean =>
  error instanceof OperationError && kinds.includes(error.kind);

/** Docker says so by the status, Podman in words only (status 500). */
const isInUse = (error: unknown): boolean =>
  isKind(error, "forbidden", "conflict") || /network is being used/.test(messageOf(error));

/** What the engine says of a network, as far as it matters here. */
interface SeenNetwork {
  readonly IPAM?: {
    readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null;
  };
  readonly Internal?: boolean;
}

const isAsWanted = (seen: SeenNetwork, wanted: EngineNetwork): boolean => {
  const config = seen.IPAM?.Config ?? [];
  return (
    (seen.Internal ?? false) === wanted.internal &&
    wanted.subnets.every(({ subnet, gateway }) =>
      config.some(({ Subnet, Gateway }) => Subnet === subnet && Gateway === gateway),
    )
  );
};

/** The engine's networks on our bridges. */
export class OverlayNetworks implements EngineNetworks {
  readonly #connection: EngineConnection;
  readonly #kind: (signal: AbortSignal) => Promise<EngineKind>;

  constructor(connection: EngineConnection, kind: (signal: AbortSignal) => Promise<EngineKind>) {
    this.#connection = connection;
    this.#kind = kind;
  }

  async ensureNetwork(network: EngineNetwork, signal: AbortSignal): Promise<void> {
    const seen = await this.#inspect(network.name, signal);
    if (seen && isAsWanted(seen, network)) return;
    if (seen && !(await this.#remove(network.name, signal)))
      throw new OperationError(
        "conflict",
        `the engine's network ${network.name} is of before, and a running container is on it`,
      );
    // Podman's Docker-compatible API isolates what it makes; its own does not.
    const isPodman = (await this.#kind(signal)) === "podman";
    await this.#connection.request(signal, {
      method: "POST",
      path: isPodman ? "/v4.0.0/libpod/networks/create" : "/networks/create",
      body: isPodman ? podmanNetworkBody(network) : dockerNetworkBody(network),
    });
  }

  async listNetworks(signal: AbortSignal): Promise<readonly string[]> {
    const all = await this.#connection.request(signal, { method: "GET", path: "/networks" });
    if (!Array.isArray(all)) return [];
    return all
      .map((one: { readonly Name?: string }) => one.Name ?? "")
      .filter((name) => name.startsWith(ENGINE_PREFIX));
  }

  async removeNetwork(name: string, signal: AbortSignal): Promise<void> {
    await this.#remove(name, signal);
  }

  /** Puts a container that was made on its first network on another one. */
  async connect(container: string, overlay: WorkloadOverlay, signal: AbortSignal): Promise<void> {
    await this.#connection.request(signal, {
      method: "POST",
      path: `/networks/${overlay.network}/connect`,
      body: { Container: container, EndpointConfig: dockerEndpointBody(overlay.endpoint) },
    });
  }

  /** False when a running container is on it. */
  async #remove(name: string, signal: AbortSignal): Promise<boolean> {
    if (await this.#delete(name, signal)) return true;
    // Podman counts containers that ended, too: these are kept for their logs, and need no network.
    await this.#freeOfEnded(name, signal);
    return this.#delete(name, signal);
  }

  async #delete(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#connection.request(signal, { method: "DELETE", path: `/networks/${name}` });
    } catch (error) {
      if (isKind(error, "not-found")) return true;
      if (isInUse(error)) return false;
      throw error;
    }
    return true;
  }

  async #freeOfEnded(name: string, signal: AbortSignal): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ network: [name], status: ["exited"] }));
    const path = `/containers/json?all=true&filters=${filters}`;
    const ended = await this.#connection.request(signal, { method: "GET", path });
    if (!Array.isArray(ended)) return;
    for (const { Id } of ended as readonly { readonly Id?: string }[])
      await this.#connection
        .request(signal, {
          method: "POST",
          path: `/networks/${name}/disconnect`,
          body: { Container: Id, Force: true },
        })
        .catch((error: unknown) => {
          // Removed meanwhile, or not on it any more.
          if (!isKind(error, "not-found", "conflict", "forbidden", "unknown")) throw error;
        });
  }

  async #inspect(name: string, signal: AbortSignal): Promise<SeenNetwork | undefined> {
    try {
      const path = `/networks/${name}`;
      const answer = await this.#connection.request(signal, { method: "GET", path });
      return answer as SeenNetwork;
    } catch (error) {
      if (isKind(error, "not-found")) return undefined;
      throw error;
    }
  }
}
