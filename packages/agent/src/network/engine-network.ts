import type { NetworkTable } from "@skein/model";
import { ENGINE_NETWORK_LABEL } from "@skein/wire";
import { canonical, canonicalSubnet, familyOf, macOf } from "./addresses.ts";
import { bridgeName } from "./names.ts";

/** Engine networks whose names begin so are ours. */
export const ENGINE_PREFIX = "skein-";

/** What an engine's bridge network must be made with, so that it lies on our bridge. */
export interface EngineNetwork {
  readonly name: string;
  /** The id of the cluster's network. */
  readonly networkId: string;
  readonly bridge: string;
  readonly mtu: number;
  readonly internal: boolean;
  readonly ipv6: boolean;
  readonly subnets: readonly { readonly subnet: string; readonly gateway: string }[];
}

/** The name of the engine's network for one of ours. */
export const engineNetworkName = ({ id, ingress }: Pick<NetworkTable, "id" | "ingress">): string =>
  `${ENGINE_PREFIX}${ingress ? "0" : "1"}-${id}`;

/** The id of the network that the engine's network of this name lies under; undefined: another's. */
export const networkIdOf = (name: string): string | undefined =>
  /^skein-[01]-([0-9a-z]{25})$/.exec(name)?.[1];

/**
 * The engine's network for one of ours. Docker gives a container's default route to the network whose name
 * comes first, so the ingress network's does: a published task must answer by it.
 */
export const engineNetwork = (
  network: Pick<NetworkTable, "id" | "internal" | "ingress" | "subnets">,
  mtu: number,
): EngineNetwork => ({
  name: engineNetworkName(network),
  networkId: network.id,
  bridge: bridgeName(network.id),
  mtu,
  internal: network.internal,
  ipv6: network.subnets.some(({ gateway }) => familyOf(gateway) === "ip6"),
  subnets: network.subnets.map(({ subnet, gateway }) => ({
    subnet: canonicalSubnet(subnet),
    gateway: canonical(gateway),
  })),
});

/** Body of Docker's `POST /networks/create`. */
export const dockerNetworkBody = (network: EngineNetwork): Readonly<Record<string, unknown>> => ({
  Name: network.name,
  Driver: "bridge",
  CheckDuplicate: true,
  Internal: network.internal,
  EnableIPv6: network.ipv6,
  Labels: { [ENGINE_NETWORK_LABEL]: network.networkId },
  IPAM: {
    Driver: "default",
    Config: network.subnets.map(({ subnet, gateway }) => ({ Subnet: subnet, Gateway: gateway })),
  },
  Options: {
    "com.docker.network.bridge.name": network.bridge,
    "com.docker.network.driver.mtu": String(network.mtu),
  },
});

/**
 * Body of Podman's `POST /v4.0.0/libpod/networks/create`. Its Docker-compatible API would isolate the
 * network. It refuses a subnet that the host has already, so this comes before the bridge.
 */
export const podmanNetworkBody = (network: EngineNetwork): Readonly<Record<string, unknown>> => ({
  name: network.name,
  driver: "bridge",
  network_interface: network.bridge,
  subnets: network.subnets,
  internal: network.internal,
  ipv6_enabled: network.ipv6,
  labels: { [ENGINE_NETWORK_LABEL]: network.networkId },
  // It would take port 53 of the gateway.
  dns_enabled: false,
  options: { mtu: String(network.mtu) },
});

/** A container's addresses in one network; engines must never choose them: others may have them. */
export interface EngineEndpoint {
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly mac: string;
}

/** The addresses that managers gave to an endpoint, for the engine. */
export const engineEndpoint = (addresses: readonly string[]): EngineEndpoint => {
  const ipv4 = addresses.find((address) => familyOf(address) === "ip");
  const ipv6 = addresses.find((address) => familyOf(address) === "ip6");
  return {
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6: canonical(ipv6) }),
    mac: macOf(addresses[0] ?? "0.0.0.0"),
  };
};

/** `EndpointsConfig` entry of Docker's `POST /containers/create` and `/networks/{id}/connect`. */
export const dockerEndpointBody = ({
  ipv4,
  ipv6,
  mac,
}: EngineEndpoint): Readonly<Record<string, unknown>> => ({
  MacAddress: mac,
  IPAMConfig: {
    ...(ipv4 === undefined ? {} : { IPv4Address: ipv4 }),
    ...(ipv6 === undefined ? {} : { IPv6Address: ipv6 }),
  },
});
