import type { Family } from "./addresses.ts";
import { digest } from "./digest.ts";
import type { NftChain, NftRule, NftSet } from "./kernel-state.ts";
import { BRIDGE_PREFIX, VXLAN_PREFIX } from "./names.ts";

/** Name of our tables in nftables. */
export const TABLE = "skein";

/**
 * Same on all nodes: a client comes to the same task whichever node it asks. Any number would do.
 */
const AFFINITY_SEED = "0x5c31";

const BRIDGES = `"${BRIDGE_PREFIX}*"`;
const VXLANS = `"${VXLAN_PREFIX}*"`;

const typeOf = (family: Family): string => (family === "ip" ? "ipv4_addr" : "ipv6_addr");

/**
 * A rule with its digest. In the kernel the digest is the rule's comment: what nft prints is not what it
 * was given, so texts cannot be compared.
 */
const rule = (text: string): NftRule => ({ id: digest(text), text });

const baseChain = (hook: string, ...texts: readonly string[]): NftChain => ({
  hook,
  rules: texts.map(rule),
});

const chain = (...texts: readonly string[]): NftChain => baseChain("", ...texts);

const emptySet = (kind: NftSet["kind"], definition: string): NftSet => ({
  kind,
  id: digest(`${kind} ${definition}`),
  definition,
  elements: new Map(),
});

/** The sets and maps of the IPv4 or IPv6 table, without elements. */
export const setsOf = (family: Family): Readonly<Record<string, NftSet>> => {
  const type = typeOf(family);
  // `numgen` stands for any 32 bit number: a slot. `jhash` would do as well, but nft 1.0.6
  // crashes when it lists a set declared so.
  const slot = "numgen random mod 2";
  return {
    /** Bridge and VIP: the chain that picks a task. */
    vips: emptySet("map", `type ifname . ${type} : verdict;`),
    /** VIP and slot: the task. */
    backends: emptySet("map", `typeof ${family} daddr . ${slot} : ${family} daddr;`),
    /** Published port: the chain that picks a task. */
    ports: emptySet("map", "type inet_proto . inet_service : verdict;"),
    /** The same for ports that are published on some addresses only. */
    ports_at: emptySet("map", `type ${type} . inet_proto . inet_service : verdict;`),
    /** Published port and slot: the task. */
    port_backends: emptySet("map", `typeof meta l4proto . th dport . ${slot} : ${family} daddr;`),
    /**
     * Published port: the port of its tasks. Not in the map above, since nft 1.0.6 takes no rule with
     * a map that has both once it is there ("conflicting protocols specified").
     */
    target_ports: emptySet("map", "type inet_proto . inet_service : inet_service;"),
    vip_addresses: emptySet("set", `type ${type};`),
    /** Address and address of each container here: it reached itself. */
    own: emptySet("set", `type ${type} . ${type};`),
    /** Subnet of a client here and ingress address of a task that is in that subnet too. */
    shared: emptySet("set", `type ${type} . ${type}; flags interval;`),
    /** Subnets whose containers may leave the cluster, under the node's address. */
    egress: emptySet("set", `type ${type}; flags interval;`),
    /** Each bridge with itself: frames within a network. */
    within: emptySet("set", "type ifname . ifname;"),
    internal: emptySet("set", "type ifname;"),
    ingress: emptySet("set", "type ifname;"),
    /** Hardware address of another node's ingress bridge: its zone here. */
    zones: emptySet("map", "typeof ether saddr : ct zone;"),
    zone_macs: emptySet("map", "typeof ct zone : ether daddr;"),
  };
};

const pinned = (family: Family): readonly string[] =>
  family === "ip"
    ? [
        // Clients on 127.0.0.1: route_localnet lets them out, and nobody else in.
        `iifname ${BRIDGES} ct state new ip daddr 127.0.0.0/8 drop`,
      ]
    : [];

const fromLoopback = (family: Family): readonly string[] =>
  family === "ip" ? ["oifname @ingress ip saddr 127.0.0.0/8 ct status dnat masquerade"] : [];

/** Asking for a VIP itself, when no task is there to be asked. */
const atVip = (family: Family): NftChain =>
  chain(
    family === "ip"
      ? `iifname ${BRIDGES} icmp type echo-request accept`
      : "icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept",
    "meta l4proto tcp reject with tcp reset",
    "reject",
  );

/**
 * An element that is replaced may be found neither as it was nor as it is, by a packet that comes in that very
 * moment. Asked again, it finds it as it is. Only packets that begin a connection come here.
 */
const twice = (lookup: string): readonly string[] => [lookup, lookup];

const portLookups = (family: Family): readonly string[] => [
  ...twice(`fib daddr type local ${family} daddr . meta l4proto . th dport vmap @ports_at`),
  ...twice("fib daddr type local meta l4proto . th dport vmap @ports"),
];

/** The chains of the IPv4 or IPv6 table that are always there. */
export const chainsOf = (family: Family): Readonly<Record<string, NftChain>> => ({
  // Which node did a frame of the mesh come from? Its connection gets a zone for it, so that one
  // client port may be used on two nodes at once.
  zones: baseChain(
    "filter prerouting -300",
    "iifname @ingress ct original zone set ether saddr map @zones",
  ),
  // A task's answer goes back to that node, and not to its own node's gateway.
  steer: baseChain(
    "filter prerouting -150",
    "iifname @ingress ct direction reply ether daddr set ct original zone map @zone_macs",
    ...pinned(family),
  ),
  prerouting: baseChain(
    "nat prerouting -110",
    ...twice(`iifname . ${family} daddr vmap @vips`),
    `${family} daddr @vip_addresses return`,
    // A container asks its own gateway for names, also while a service publishes port 53.
    `iifname ${BRIDGES} fib daddr . iif type local meta l4proto { tcp, udp } th dport 53 return`,
    ...portLookups(family),
  ),
  output: baseChain("nat output -110", ...portLookups(family)),
  // Comes before the engine's own masquerading (100), which would hide clients in containers.
  postrouting: baseChain(
    "nat postrouting 90",
    ...fromLoopback(family),
    `ct status dnat ${family} saddr . ${family} daddr @own masquerade`,
    // The task would answer such a client directly, past the node that translated.
    `oifname @ingress ct status dnat ${family} saddr . ${family} daddr @shared masquerade`,
    `oifname @ingress ct status dnat snat to ${family} saddr`,
    `${family} saddr @egress oifname != ${BRIDGES} masquerade`,
  ),
  input: baseChain("filter input -10", `${family} daddr @vip_addresses jump at_vip`),
  at_vip: atVip(family),
  forward: baseChain(
    "filter forward -10",
    "iifname . oifname @within accept",
    "iifname @internal drop",
    "oifname @internal drop",
    `oifname ${BRIDGES} ct state established,related accept`,
    // Neither another network nor the outside reaches a container, unless by a published port.
    `oifname ${BRIDGES} ct status & dnat == 0 drop`,
  ),
  // Steered answers look to the kernel as if there were a shorter way. There is none.
  redirects: baseChain(
    "filter output 0",
    `oifname ${BRIDGES} ${family === "ip" ? "icmp type redirect" : "icmpv6 type nd-redirect"} drop`,
  ),
});

/**
 * Encrypted networks, once more: their packets neither leave nor are taken in the clear, even if somebody
 * empties the kernel's list of policies.
 */
export const encryptionGuard = (port: number): Readonly<Record<string, NftChain>> => ({
  encrypt_output: baseChain("filter output 0", `udp dport ${port} rt ipsec missing drop`),
  encrypt_input: baseChain("filter input -20", `udp dport ${port} meta ipsec missing drop`),
});

// What IPv6 neighbours ask for and claim. nft 1.0.6 has no name for that field.
const TARGET6 = "@th,64,128";

/** The sets of the table that sees all bridged frames. */
export const bridgeSets = (): Readonly<Record<string, NftSet>> => ({
  vip_addresses: emptySet("set", "type ipv4_addr;"),
  vip_addresses6: emptySet("set", `typeof ${TARGET6};`),
  /** Hardware addresses of all nodes' bridges. */
  gateways: emptySet("set", "type ether_addr;"),
  /** Gateways and VIPs: they are the nodes' own. */
  held: emptySet("set", "type ipv4_addr;"),
  held6: emptySet("set", `typeof ${TARGET6};`),
});

// Every node owns all VIPs: the question who has one must not leave the node.
const VIP_ASKED = [
  "ether type arp arp operation request arp daddr ip @vip_addresses drop",
  `icmpv6 type nd-neighbor-solicit ${TARGET6} @vip_addresses6 drop`,
];

// A container that poses as a node: by its frames it could choose where a task's answers go, by its claims
// draw others' traffic.
const POSED = [
  "ether saddr @gateways drop",
  "ether type arp arp saddr ip @held drop",
  `icmpv6 type nd-neighbor-advert ${TARGET6} @held6 drop`,
];

/** The chains of that table. */
export const bridgeChains = (): Readonly<Record<string, NftChain>> => ({
  poses: baseChain(
    "filter prerouting -300",
    ...POSED.map((pose) => `iifname != ${VXLANS} ${pose}`),
  ),
  forward: baseChain(
    "filter forward 0",
    ...VIP_ASKED.map((question) => `oifname ${VXLANS} ${question}`),
  ),
  input: baseChain(
    "filter input 0",
    ...VIP_ASKED.map((question) => `iifname ${VXLANS} ${question}`),
  ),
});

/** A choice among a number of slots. One chain serves all services with that many. */
export interface Choice {
  readonly name: string;
  readonly chain: NftChain;
}

/**
 * A packet may see the chain of one transaction and the map of the next, in which its slot is gone. The first
 * slot is in all of them.
 */
const orFirst = (choose: (picked: string) => string, picked: string): NftChain =>
  chain(choose(picked), choose("numgen random mod 1"));

/** Picks one of a VIP's tasks for each connection. */
export const vipChoice = (family: Family, slots: number): Choice => ({
  name: `vip_${slots}`,
  chain: orFirst(
    (picked) => `dnat to ${family} daddr . ${picked} map @backends`,
    `numgen random mod ${slots}`,
  ),
});

/** Picks one of a published port's tasks: for each connection, or for each client address. */
export const portChoice = (family: Family, slots: number, affinity: boolean): Choice => ({
  name: `${affinity ? "client" : "port"}_${slots}`,
  chain: orFirst(
    (picked) =>
      `meta l4proto { tcp, udp, sctp } dnat to meta l4proto . th dport . ${picked} map @port_backends : meta l4proto . th dport map @target_ports`,
    affinity
      ? `jhash ${family} saddr mod ${slots} seed ${AFFINITY_SEED}`
      : `numgen random mod ${slots}`,
  ),
});
