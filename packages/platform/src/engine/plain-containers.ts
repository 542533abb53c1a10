import type {
  ContainerPlace,
  EngineEndpointSettings,
  PlainContainer,
  PlainContainers,
} from "@skein/agent";
import { ENGINE_PREFIX, engineNetworkName, placeOf, plainEndpointBody } from "@skein/agent";
import { OperationError } from "@skein/base";
import type { WantedPlace } from "@skein/model";
import type { EngineConnection } from "./connection.ts";
import { TASK_LABEL } from "./container-config.ts";
import { engineVersion, takesContainerMac } from "./engine-version.ts";
import type { EngineKind } from "./engine-version.ts";

interface Listed {
  readonly Id: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, unknown>> | null;
  } | null;
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State?: { readonly Status?: string; readonly Running?: boolean; readonly Pid?: number };
  readonly HostConfig?: {
    readonly RestartPolicy?: { readonly Name?: string } | null;
    readonly Dns?: readonly string[] | null;
  };
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, EngineEndpointSettings>> | null;
  };
}

const isKind = (error: unknown, ...kinds: readonly OperationError["kind"][]): boolean =>
  error instanceof OperationError && kinds.includes(error.kind);

const isPlain = ({ Labels, NetworkSettings }: Listed): boolean =>
  !(TASK_LABEL in (Labels ?? {})) &&
  Object.keys(NetworkSettings?.Networks ?? {}).some((name) => name.startsWith(ENGINE_PREFIX));

/** An engine starts these by itself when it is started. */
const restarts = ({ HostConfig }: Inspected): boolean =>
  !["", "no"].includes(HostConfig?.RestartPolicy?.Name ?? "");

const hasEnded = ({ State }: Inspected): boolean =>
  ["exited", "dead", "stopped"].includes(State?.Status ?? "");

/** The engine's containers outside of services on our networks. */
export class EngineContainers implements PlainContainers {
  readonly #connection: EngineConnection;
  readonly #kind: (signal: AbortSignal) => Promise<EngineKind>;

  constructor(connection: EngineConnection, kind: (signal: AbortSignal) => Promise<EngineKind>) {
    this.#connection = connection;
    this.#kind = kind;
  }

  async listPlain(signal: AbortSignal): Promise<readonly PlainContainer[]> {
    const list = await this.#connection.request(signal, {
      method: "GET",
      path: "/containers/json",
      query: { all: true },
    });
    const containers: PlainContainer[] = [];
    for (const { Id } of (list as readonly Listed[]).filter(isPlain)) {
      const container = await this.#inspect(Id, signal);
      if (container) containers.push(container);
    }
    return containers;
  }

  async placeContainer(
    containerId: string,
    place: ContainerPlace,
    wanted: Pick<WantedPlace, "aliases" | "fixed">,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#disconnect(containerId, place.network, signal);
    await this.#connection.request(signal, {
      method: "POST",
      path: `/networks/${place.network}/connect`,
      body: {
        Container: containerId,
        EndpointConfig: await this.endpointBody(place, wanted, signal),
      },
    });
  }

  async freeContainer(containerId: string, networkId: string, signal: AbortSignal): Promise<void> {
    const network = engineNetworkName({ id: networkId, ingress: false });
    await this.#disconnect(containerId, network, signal);
  }

  /** `EndpointsConfig` entry for a place, as this engine wants it. */
  async endpointBody(
    { endpoint }: Pick<ContainerPlace, "endpoint">,
    wanted: Pick<WantedPlace, "aliases" | "fixed">,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    return plainEndpointBody(endpoint, wanted, await this.#kind(signal));
  }

  /** See {@link takesContainerMac}. */
  async takesContainerMac(signal: AbortSignal): Promise<boolean> {
    return takesContainerMac(await engineVersion(this.#connection, signal));
  }

  async #disconnect(containerId: string, network: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#connection.request(signal, {
        method: "POST",
        path: `/networks/${network}/disconnect`,
        body: { Container: containerId, Force: true },
      });
    } catch (error) {
      // It is not there, or the network is not.
      if (!isKind(error, "not-found", "forbidden", "conflict", "unknown", "internal")) throw error;
    }
  }

  /** Undefined when it was removed meanwhile. */
  async #inspect(id: string, signal: AbortSignal): Promise<PlainContainer | undefined> {
    let answer: Inspected;
    try {
      const path = `/containers/${id}/json`;
      answer = (await this.#connection.request(signal, { method: "GET", path })) as Inspected;
    } catch (error) {
      if (isKind(error, "not-found") || /no such container/iu.test(String(error))) return undefined;
      throw error;
    }
    const networks = Object.entries(answer.NetworkSettings?.Networks ?? {});
    // Podman forgets what an ended container had, so that it must not be taken from it.
    const isPodman = (await this.#kind(signal)) === "podman";
    return {
      id: answer.Id,
      name: answer.Name.replace(/^\//, ""),
      pid: answer.State?.Running === true ? (answer.State.Pid ?? 0) : 0,
      nameServers: answer.HostConfig?.Dns ?? [],
      mayRun: isPodman || !hasEnded(answer) || restarts(answer),
      places: networks.flatMap(([name, settings]) => placeOf(answer.Id, name, settings) ?? []),
    };
  }
}
