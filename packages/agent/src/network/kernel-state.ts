import type { Family } from "./addresses.ts";

/** The bridge of one network. */
export interface Bridge {
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly multicastSnooping: boolean;
  /** Whether bridged IPv4 frames pass netfilter's IPv4 hooks: VIPs and the mesh need it. */
  readonly filtersIp: boolean;
  readonly filtersIp6: boolean;
}

/** The VXLAN port of one network. A change of the first four is a new device. */
export interface Vxlan {
  readonly vni: number;
  readonly port: number;
  readonly local: string;
  readonly learning: boolean;
  /** Undefined: not in a bridge. */
  readonly bridge: string | undefined;
  readonly mtu: number;
  readonly up: boolean;
  /** Whether the bridge answers ARP and neighbour solicitation from its own table. */
  readonly suppressesNeighbours: boolean;
}

/** A container's end in a bridge. */
export interface BridgePort {
  readonly bridge: string | undefined;
  /** Whether a frame may leave by the port it came from: a task that reaches itself by its VIP. */
  readonly hairpin: boolean;
}

/** An address on an interface. */
export interface DeviceAddress {
  readonly device: string;
  /** With its prefix length when it is a gateway, without when it is a VIP. */
  readonly address: string;
}

/** Another node in a VXLAN port's flood list. */
export interface FloodEntry {
  readonly device: string;
  readonly destination: string;
}

/** Where frames to a hardware address go. */
export interface ForwardingEntry {
  readonly device: string;
  readonly mac: string;
  /** The node behind the VXLAN port; undefined: missing there. */
  readonly destination: string | undefined;
  /** Whether the bridge knows that the VXLAN port leads there. */
  readonly bridged: boolean;
}

/** Which hardware address an address has. */
export interface Neighbour {
  readonly device: string;
  readonly address: string;
  readonly mac: string;
}

/** One direction between two nodes, and its key (IPsec's "state"). */
export interface SecurityAssociation {
  readonly source: string;
  readonly destination: string;
  /** With the destination, by which who receives it knows it. */
  readonly spi: number;
  /** AES-128-GCM's key and salt, as hex digits; empty while the kernel waits for one. Never logged. */
  readonly key: string;
  /** Whether its packet numbers come to an end: it must be made anew. */
  readonly worn: boolean;
}

/** What must be encrypted between these addresses, or may not pass at all. */
export interface SecurityPolicy {
  readonly direction: "in" | "out";
  /** With their prefix lengths. */
  readonly source: string;
  readonly destination: string;
  /** The UDP port that it is about, at the destination. */
  readonly port: number;
  readonly action: "encrypt" | "block";
  /** The association to send with; 0: any. */
  readonly spi: number;
}

/** Our chain of the engine's filter table. */
export interface ForwardFilter {
  /** Without `-A CHAIN`, as `iptables-save` prints them. */
  readonly rules: readonly string[];
  /** Whether it is called from where it must be. */
  readonly hooked: boolean;
}

export interface NftRule {
  /** Digest of the text: in the kernel it is the rule's comment, by which it is known again. */
  readonly id: string;
  /** Empty in what was read back. */
  readonly text: string;
}

export interface NftSet {
  readonly kind: "set" | "map";
  /** Digest of the definition, the set's comment in the kernel. */
  readonly id: string;
  /** Types and flags, as in nft's language; empty in what was read back. */
  readonly definition: string;
  /** Values are empty in plain sets. */
  readonly elements: ReadonlyMap<string, string>;
}

export interface NftChain {
  /** Type, hook and priority of a base chain (`nat prerouting -110`); empty for others. */
  readonly hook: string;
  readonly rules: readonly NftRule[];
}

export interface NftTable {
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

export type TableFamily = Family | "bridge";

/** What of one kind there is, by a key that says which it is. */
export type Section<V> = ReadonlyMap<string, V>;

/**
 * All that the data plane consists of in one node's kernel. The same type holds what is wanted and what
 * was read back; in the latter only what is ours appears.
 */
export interface KernelState {
  /** By interface name. */
  readonly bridges: Section<Bridge>;
  /** By interface name. */
  readonly vxlans: Section<Vxlan>;
  /**
   * By interface name. Wanted: those that are known to belong to a container here. Actual: also those
   * that are in no bridge.
   */
  readonly ports: Section<BridgePort>;
  readonly addresses: Section<DeviceAddress>;
  readonly vips: Section<DeviceAddress>;
  readonly flood: Section<FloodEntry>;
  readonly forwarding: Section<ForwardingEntry>;
  readonly neighbours: Section<Neighbour>;
  readonly associations: Section<SecurityAssociation>;
  readonly policies: Section<SecurityPolicy>;
  /** By path below `/proc/sys`. */
  readonly sysctls: Section<string>;
  readonly filters: ReadonlyMap<Family, ForwardFilter>;
  readonly tables: ReadonlyMap<TableFamily, NftTable>;
}

/** A node without any network. */
export const emptyKernelState = (): KernelState => ({
  bridges: new Map(),
  vxlans: new Map(),
  ports: new Map(),
  addresses: new Map(),
  vips: new Map(),
  flood: new Map(),
  forwarding: new Map(),
  neighbours: new Map(),
  associations: new Map(),
  policies: new Map(),
  sysctls: new Map(),
  filters: new Map(),
  tables: new Map(),
});

/** Keys of the sections whose entries have no name of their own. */
export const keyOf = {
  address: ({ device, address }: DeviceAddress): string => `${device} ${address}`,
  flood: ({ device, destination }: FloodEntry): string => `${device} ${destination}`,
  forwarding: ({ device, mac }: ForwardingEntry): string => `${device} ${mac}`,
  neighbour: ({ device, address }: Omit<Neighbour, "mac">): string => `${device} ${address}`,
  association: ({ source, destination, spi }: SecurityAssociation): string =>
    `${source} ${destination} ${spi}`,
  policy: ({ direction, source, destination, port }: SecurityPolicy): string =>
    `${direction} ${source} ${destination} ${port}`,
} as const;
