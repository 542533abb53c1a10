import type { Annotations, Driver, ObjectMeta, StringMap } from "./common.ts";

/** One subnet as GET /networks shows it. */
export interface IPAMConfig {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: StringMap;
}

/** Address management of a network. */
export interface IPAM {
  readonly Driver: string;
  readonly Options: StringMap | null;
  readonly Config: readonly IPAMConfig[] | null;
}

/** A container on a network (local view). */
export interface NetworkContainer {
  readonly Name: string;
  readonly EndpointID: string;
  readonly MacAddress: string;
  readonly IPv4Address: string;
  readonly IPv6Address: string;
}

/** A node that takes part in an overlay network. */
export interface NetworkPeer {
  readonly Name: string;
  readonly IP: string;
}

/** A service on a network (`verbose=true`). */
export interface NetworkService {
  readonly VIP: string;
  readonly Ports: readonly string[];
  readonly LocalLBIndex: number;
  readonly Tasks: readonly {
    readonly Name: string;
    readonly EndpointID: string;
    readonly EndpointIP: string;
    readonly Info: StringMap;
  }[];
}

/** GET /networks/{id}. A network seen from the cluster alone has null Containers and Labels. */
export interface Network {
  readonly Name: string;
  readonly Id: string;
  readonly Created: string;
  readonly Scope: "swarm" | "local" | "global";
  readonly Driver: string;
  readonly EnableIPv4: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM: IPAM;
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigFrom: { readonly Network: string };
  readonly ConfigOnly: boolean;
  readonly Containers: Readonly<Record<string, NetworkContainer>> | null;
  readonly Options: StringMap | null;
  readonly Labels: StringMap | null;
  readonly Peers?: readonly NetworkPeer[];
  readonly Services?: Readonly<Record<string, NetworkService>>;
}

/** POST /networks/create. Absent means the engine's default. */
export interface NetworkCreateRequest {
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6?: boolean;
  readonly IPAM?: IPAM;
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigOnly: boolean;
  readonly ConfigFrom?: { readonly Network: string };
  readonly Options: StringMap | null;
  readonly Labels: StringMap | null;
}

/** Answer of POST /networks/create. */
export interface NetworkCreateResponse {
  readonly Id: string;
  readonly Warning: string;
}

/** One subnet as tasks' attachments show it. */
export interface SwarmIPAMConfig {
  readonly Subnet?: string;
  readonly Range?: string;
  readonly Gateway?: string;
}

/** Address management as tasks' attachments show it. */
export interface IPAMOptions {
  readonly Driver: Driver;
  readonly Configs?: readonly SwarmIPAMConfig[];
}

/** A network's spec as tasks' attachments show it. */
export interface NetworkSpec extends Annotations {
  readonly DriverConfiguration?: Driver;
  readonly IPv6Enabled?: boolean;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  readonly Ingress?: boolean;
  readonly IPAMOptions?: IPAMOptions;
  readonly ConfigFrom?: { readonly Network: string };
  readonly Scope?: string;
}

/** The network inside {@link NetworkAttachment}. */
export interface SwarmNetwork extends ObjectMeta {
  readonly Spec: NetworkSpec;
  readonly DriverState: Driver;
  readonly IPAMOptions?: IPAMOptions;
}

/** A network that a task has addresses on, e.g. `10.0.1.3/24`. */
export interface NetworkAttachment {
  readonly Network: SwarmNetwork;
  readonly Addresses?: readonly string[];
}
