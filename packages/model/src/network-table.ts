/**
 * What managers tell a node about its overlay networks: the tables from which the node programs its
 * kernel and answers names. A node gets the tables of the networks that its tasks use, and, on
 * every node, that of the ingress network. What is told is the same for all nodes of a network: a
 * whole table ({@link NetworkSnapshot}) once, then what changes ({@link NetworkDelta}); each node makes
 * its own {@link NetworkTable} of it.
 */
import type { NetworkKeyRing } from "./network-keys.ts";

/** One subnet of a network: IPv4 always, IPv6 when the network has it. */
export interface SubnetTable {
  /** `10.0.5.0/24` */
  readonly subnet: string;
  /** This node's own address in it: the bridge's, and the gateway of the containers here. */
  readonly gateway: string;
}

/** Another node that has the network. */
export interface NetworkPeer {
  readonly nodeId: string;
  /** Where its VXLAN traffic goes: its data path address. */
  readonly underlay: string;
  /** Its gateway addresses, in the order of the subnets. */
  readonly gateways: readonly string[];
}

/** A task (or an attached container) on the network. */
export interface NetworkEndpoint {
  /** Task id, or container id for `docker run --network`. */
  readonly id: string;
  /** `web.1.<task id>`, or the container's name. */
  readonly name: string;
  readonly nodeId: string;
  /** In the order of the subnets. */
  readonly addresses: readonly string[];
  /** Absent for attached containers. */
  readonly serviceId?: string;
  /** 0 for global services and containers. */
  readonly slot: number;
  /** Further names of this endpoint alone. */
  readonly aliases: readonly string[];
  /**
   * Whether names and VIPs lead to it: it runs, is healthy, and is not about to be stopped; or its node is
   * missed, and its service has no better.
   */
  readonly active: boolean;
}

/** A service on the network. */
export interface NetworkService {
  readonly id: string;
  readonly name: string;
  /** Further names of the service. */
  readonly aliases: readonly string[];
  /** In the order of the subnets; empty in mode dnsrr. */
  readonly vips: readonly string[];
}

/** Everything about one network, for one node. */
export interface NetworkTable {
  readonly id: string;
  readonly name: string;
  /** The VXLAN network identifier, unique in the cluster. */
  readonly vni: number;
  readonly subnets: readonly SubnetTable[];
  readonly internal: boolean;
  readonly ingress: boolean;
  readonly encrypted: boolean;
  /** Asked for with `com.docker.network.driver.mtu`; absent: what the underlay leaves. */
  readonly mtu?: number;
  readonly peers: readonly NetworkPeer[];
  readonly endpoints: readonly NetworkEndpoint[];
  readonly services: readonly NetworkService[];
}

/** A port that every node answers on, through the ingress network. */
export interface PublishedPort {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly port: number;
  readonly targetPort: number;
  readonly serviceId: string;
  /** Only tasks of the node that the connection came in on are used. */
  readonly localOnly: boolean;
  /** Connections of one client address go to one task. */
  readonly clientAffinity: boolean;
  /** Addresses of the nodes that answer; empty: all. */
  readonly addresses: readonly string[];
}

/** A network as managers tell it to all of its nodes. */
export interface NetworkSnapshot extends Omit<NetworkTable, "subnets"> {
  /** Index of the batch up to which everything is in it. */
  readonly version: number;
  /** `10.0.5.0/24`; the gateways are the nodes' own, among the peers. */
  readonly subnets: readonly string[];
  /** All nodes that have the network, the one that reads this included. */
  readonly peers: readonly NetworkPeer[];
}

/** Entries that are new or differ, and the keys of those that are gone: these come first. */
export interface Difference<T> {
  readonly changed: readonly T[];
  readonly removed: readonly string[];
}

/** What one batch changes on a network. */
export interface NetworkDelta {
  readonly id: string;
  /**
   * The batch of the delta before. A table whose version is older has missed something, and the delta must
   * be refused (session reopened).
   */
  readonly base: number;
  /** The batch of this delta: the table's version afterwards. */
  readonly version: number;
  /** By node id. */
  readonly peers?: Difference<NetworkPeer>;
  /** By task or container id. */
  readonly endpoints?: Difference<NetworkEndpoint>;
  /** By service id. */
  readonly services?: Difference<NetworkService>;
}

/** What identifies a published port: `tcp/8080`. */
export const portKey = ({ protocol, port }: Pick<PublishedPort, "protocol" | "port">): string =>
  `${protocol}/${port}`;

/** What one batch changes of the published ports, by {@link portKey}. */
export interface PortsDelta extends Difference<PublishedPort> {
  /** As in {@link NetworkDelta}. */
  readonly base: number;
}

/** All that a node's data plane is made of. */
export interface NetworkTables {
  /** This node's data path address. */
  readonly underlay: string;
  /** UDP port of VXLAN (4789 unless `swarm init --data-path-port`). */
  readonly dataPathPort: number;
  readonly networks: readonly NetworkTable[];
  readonly ports: readonly PublishedPort[];
  /** Given to nodes that are on an encrypted network. */
  readonly keys?: NetworkKeyRing;
}
