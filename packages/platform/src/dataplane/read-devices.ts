import type { Bridge, BridgePort, DeviceAddress, Vxlan } from "@skein/agent";
import { BRIDGE_PREFIX, keyOf, VXLAN_PREFIX } from "@skein/agent";

/** What `ip -json -details address show` says of one interface, as far as it is used here. */
export interface IpLink {
  readonly ifindex?: number;
  readonly ifname?: string;
  readonly link_index?: number;
  readonly address?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly master?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: Readonly<Record<string, unknown>>;
    readonly info_slave_data?: Readonly<Record<string, unknown>>;
  };
  readonly addr_info?: readonly IpAddress[];
}

interface IpAddress {
  readonly local?: string;
  readonly prefixlen?: number;
  readonly scope?: string;
}

const isUp = ({ flags }: IpLink): boolean => flags?.includes("UP") ?? false;

const toBridge = (link: IpLink): Bridge => {
  const data = link.linkinfo?.info_data ?? {};
  return {
    mac: link.address ?? "",
    mtu: link.mtu ?? 0,
    up: isUp(link),
    multicastSnooping: data["mcast_snooping"] !== 0,
    filtersIp: data["nf_call_iptables"] === 1,
    filtersIp6: data["nf_call_ip6tables"] === 1,
  };
};

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

const toVxlan = (link: IpLink): Vxlan => {
  const data = link.linkinfo?.info_data ?? {};
  return {
    vni: Number(data["id"]),
    port: Number(data["port"]),
    local: textOf(data["local"]) ?? textOf(data["local6"]) ?? "",
    learning: data["learning"] === true,
    bridge: link.master,
    mtu: link.mtu ?? 0,
    up: isUp(link),
    suppressesNeighbours: link.linkinfo?.info_slave_data?.["neigh_suppress"] === true,
  };
};

const toPort = ({ master, linkinfo }: IpLink): BridgePort => ({
  bridge: master,
  hairpin: linkinfo?.info_slave_data?.["hairpin"] === true,
});

/** The interfaces that are ours, or may be. */
export interface Devices {
  readonly bridges: ReadonlyMap<string, Bridge>;
  readonly vxlans: ReadonlyMap<string, Vxlan>;
  readonly ports: ReadonlyMap<string, BridgePort>;
  readonly addresses: ReadonlyMap<string, DeviceAddress>;
}

/** Sorts out what `ip -json -details address show` printed. */
export const parseDevices = (links: readonly IpLink[]): Devices => {
  const bridges = new Map<string, Bridge>();
  const vxlans = new Map<string, Vxlan>();
  const ports = new Map<string, BridgePort>();
  const addresses = new Map<string, DeviceAddress>();
  for (const link of links) {
    const { ifname: device, linkinfo, master, addr_info: infos } = link;
    if (device === undefined) continue;
    if (device.startsWith(BRIDGE_PREFIX) && linkinfo?.info_kind === "bridge") {
      bridges.set(device, toBridge(link));
      for (const info of infos ?? []) {
        if (info.local === undefined || info.scope !== "global") continue;
        const entry: DeviceAddress = { device, address: `${info.local}/${info.prefixlen}` };
        addresses.set(keyOf.address(entry), entry);
      }
    } else if (device.startsWith(VXLAN_PREFIX) && linkinfo?.info_kind === "vxlan")
      vxlans.set(device, toVxlan(link));
    else if (
      master?.startsWith(BRIDGE_PREFIX) === true ||
      (master === undefined && linkinfo?.info_kind === "veth")
    )
      ports.set(device, toPort(link));
  }
  return { bridges, vxlans, ports, addresses };
};
