import type { TaskNetwork, WantedPlace } from "@skein/model";
import type { EngineEndpoint } from "../network/engine-network.ts";

/** A container outside of services that the engine has on one of our networks, or several. */
export interface PlainContainer {
  readonly id: string;
  /** Without the engine's leading slash. */
  readonly name: string;
  /** It runs, or the engine may start it by itself: it needs its addresses. */
  readonly mayRun: boolean;
  /** Its first process; 0 unless it runs. */
  readonly pid: number;
  /** The name servers that it was made with; none: the host's. */
  readonly nameServers: readonly string[];
  /** Its networks, with the addresses and names that the engine has noted. */
  readonly places: readonly WantedPlace[];
}

/** What the engine needs to know of a container's place on one network. */
export interface ContainerPlace {
  readonly networkId: string;
  /** The engine's network. */
  readonly network: string;
  readonly endpoint: EngineEndpoint;
  /** This node's addresses there, where names are answered too. */
  readonly gateways: readonly string[];
}

/** The engine's containers outside of services, as far as they are on our networks. */
export interface PlainContainers {
  listPlain(signal: AbortSignal): Promise<readonly PlainContainer[]>;
  /** Puts a container on a network, with these addresses instead of those that it may have there. */
  placeContainer(
    containerId: string,
    place: ContainerPlace,
    wanted: Pick<WantedPlace, "aliases" | "fixed">,
    signal: AbortSignal,
  ): Promise<void>;
  /** Takes a container off a network; no error when it is not there. */
  freeContainer(containerId: string, networkId: string, signal: AbortSignal): Promise<void>;
}

/**
 * Sends a running container's questions for names elsewhere. A container that was put on a network after
 * it was made asks the host's name servers, who know nothing of the cluster, and no engine can change that.
 */
export interface NameRedirection {
  /** Questions to these name servers go to the gateway from now on; none: to the host's. */
  redirect(pid: number, nameServers: readonly string[], gateway: string): Promise<void>;
  /** They go where they always went. No error when the container is gone. */
  clear(pid: number): Promise<void>;
}

/** What managers' tables say of one container of this node. */
export interface KnownPlaces {
  /** The places of the container, as the kernel has them. */
  placesOf(id: string): readonly Pick<TaskNetwork, "networkId" | "addresses">[];
  /** Waits until the kernel has the container's places on these networks. */
  containerPlaces(
    id: string,
    networkIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ContainerPlace[]>;
}
