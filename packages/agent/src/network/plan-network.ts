import type { NetworkEndpoint, NetworkPeer, NetworkTable } from "@skein/model";
import type { LiveNetwork, NetworkHead } from "./tables/live-network.ts";
import type { Family } from "./addresses.ts";
import { canonical, canonicalSubnet, familyOf, hostPart, macOf, prefixOf } from "./addresses.ts";
import { encryptedMtu, encryptedPort } from "./encryption.ts";
import { bridgeName, vxlanName } from "./names.ts";
import type { StateBuilder } from "./state-builder.ts";

/** Headers of VXLAN: Ethernet 14, VXLAN 8, UDP 8, and IP. */
const OVERHEAD: Readonly<Record<Family, number>> = { ip: 50, ip6: 70 };

/** Zones of connections are 16 bits, and 0 is "none". */
const ZONES = 0xffff;

/** A network's greatest packet: what was asked for, or what fits the underlay, in bytes. */
export const mtuOf = (
  { mtu, encrypted }: Pick<NetworkTable, "mtu" | "encrypted">,
  underlay: string,
  underlayMtu: number,
): number => {
  if (mtu !== undefined) return mtu;
  return encrypted
    ? encryptedMtu(underlay, underlayMtu)
    : underlayMtu - OVERHEAD[familyOf(underlay)];
};

/** The hardware address of a node's bridge in a network. */
const bridgeMac = (gateways: readonly string[]): string => macOf(gateways[0] ?? "0.0.0.0");

/** Where this node's traffic between containers goes. */
export interface DataPath {
  /** Its data path address. */
  readonly underlay: string;
  /** UDP port of VXLAN. */
  readonly port: number;
  /** MTU of the interface that has the address, in bytes. */
  readonly mtu: number;
}

const planDevices = (builder: StateBuilder, network: NetworkHead, path: DataPath): void => {
  const families = new Set(network.subnets.map(({ gateway }) => familyOf(gateway)));
  const mtu = mtuOf(network, path.underlay, path.mtu);
  const bridge = bridgeName(network.id);
  builder.addBridge(bridge, {
    mac: bridgeMac(network.subnets.map(({ gateway }) => gateway)),
    mtu,
    up: true,
    multicastSnooping: false,
    filtersIp: families.has("ip"),
    filtersIp6: families.has("ip6"),
  });
  builder.addVxlan(vxlanName(network.id), {
    vni: network.vni,
    port: network.encrypted ? encryptedPort(path.port) : path.port,
    local: canonical(path.underlay),
    // All entries come from the managers. A container that takes another's hardware address
    // gets nothing by it on other nodes.
    learning: false,
    bridge,
    mtu,
    up: true,
    suppressesNeighbours: true,
  });
  if (families.has("ip6")) {
    builder.setSysctl(`net/ipv6/conf/${bridge}/disable_ipv6`, "0");
    // VIPs are no addresses of the bridge: it answers for them, and at once.
    builder.setSysctl(`net/ipv6/conf/${bridge}/proxy_ndp`, "1");
    builder.setSysctl(`net/ipv6/neigh/${bridge}/proxy_delay`, "0");
  }
  if (network.ingress && families.has("ip"))
    builder.setSysctl(`net/ipv4/conf/${bridge}/route_localnet`, "1");
};

const planSubnets = (builder: StateBuilder, network: NetworkHead): void => {
  const device = bridgeName(network.id);
  for (const { subnet, gateway } of network.subnets) {
    builder.addAddress({ device, address: `${canonical(gateway)}/${prefixOf(subnet)}` });
    builder.hold(canonical(gateway));
    const table = builder[familyOf(gateway)];
    table.add("within", `"${device}" . "${device}"`);
    if (network.internal) table.add("internal", `"${device}"`);
    else table.add("egress", canonicalSubnet(subnet));
    if (network.ingress) table.add("ingress", `"${device}"`);
  }
};

/** Makes known what has these addresses and lies behind another node. */
const planRemote = (
  builder: StateBuilder,
  network: NetworkHead,
  addresses: readonly string[],
  underlay: string | undefined,
): void => {
  const mac = bridgeMac(addresses);
  const device = bridgeName(network.id);
  // Without the entry, frames to it are flooded: slower, but they arrive.
  if (underlay !== undefined)
    builder.addForwarding({
      device: vxlanName(network.id),
      mac,
      destination: canonical(underlay),
      bridged: true,
    });
  for (const address of addresses)
    builder.addNeighbour({ device, address: canonical(address), mac });
};

/**
 * A number for a node that stays the same while the node does, though others come and go: connections
 * are marked with it. The address within the subnet; the next free one where that is not unique.
 */
const zonesOf = ({ peers, head }: LiveNetwork): ReadonlyMap<NetworkPeer, number> => {
  const taken = new Set<number>([0]);
  const zones = new Map<NetworkPeer, number>();
  const sorted = [...peers.values()].toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  for (const peer of sorted) {
    let zone = hostPart(peer.gateways[0] ?? "0.0.0.0", head.subnets[0]?.subnet ?? "");
    while (taken.has(zone)) zone = (zone % ZONES) + 1;
    taken.add(zone);
    zones.set(peer, zone);
  }
  return zones;
};

/** The ingress network's nodes, by their zones. */
export const planZones = (builder: StateBuilder, network: LiveNetwork): void => {
  if (!network.head.ingress) return;
  const families = new Set(network.head.subnets.map(({ gateway }) => familyOf(gateway)));
  for (const [{ gateways }, zone] of zonesOf(network))
    for (const family of families) {
      builder[family].add("zones", bridgeMac(gateways), String(zone));
      builder[family].add("zone_macs", String(zone), bridgeMac(gateways));
    }
};

/** Bridge, VXLAN port and this node's own addresses. */
export const planNetwork = (builder: StateBuilder, network: NetworkHead, path: DataPath): void => {
  planDevices(builder, network, path);
  planSubnets(builder, network);
  builder.bridge.add("gateways", bridgeMac(network.subnets.map(({ gateway }) => gateway)));
};

/** What is known of another node. */
export const planPeer = (
  builder: StateBuilder,
  network: NetworkHead,
  { underlay, gateways }: NetworkPeer,
): void => {
  builder.bridge.add("gateways", bridgeMac(gateways));
  for (const gateway of gateways) builder.hold(canonical(gateway));
  builder.addFlood({ device: vxlanName(network.id), destination: canonical(underlay) });
  planRemote(builder, network, gateways, underlay);
};

/** What is known of a task, here or on another node. */
export const planEndpoint = (
  builder: StateBuilder,
  { head, peers }: LiveNetwork,
  { endpoint, isLocal }: { readonly endpoint: NetworkEndpoint; readonly isLocal: boolean },
): void => {
  const { addresses, nodeId } = endpoint;
  if (!isLocal) planRemote(builder, head, addresses, peers.get(nodeId)?.underlay);
  else
    for (const address of addresses.map(canonical))
      builder[familyOf(address)].add("own", `${address} . ${address}`);
};
