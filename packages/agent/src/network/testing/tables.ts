import type {
  NetworkEndpoint,
  NetworkKeyRing,
  NetworkService,
  NetworkTable,
  NetworkTables,
  PublishedPort,
} from "@skein/model";
import type { NodeFacts } from "../node-facts.ts";

/** A task on node 1, unless `more` says otherwise. */
export const anEndpoint = (
  id: string,
  addresses: readonly string[],
  more: Partial<NetworkEndpoint> = {},
): NetworkEndpoint => ({
  id,
  name: id,
  nodeId: "node1",
  addresses,
  slot: 1,
  aliases: [],
  active: true,
  ...more,
});

export const aService = (id: string, vips: readonly string[]): NetworkService => ({
  id,
  name: id,
  aliases: [],
  vips,
});

/** 10.0.5.0/24 on node 1, with node 2 as peer. */
export const aNetwork = (more: Partial<NetworkTable> = {}): NetworkTable => ({
  id: "bluenetwork0000000000000",
  name: "blue",
  vni: 4105,
  subnets: [{ subnet: "10.0.5.0/24", gateway: "10.0.5.1" }],
  internal: false,
  ingress: false,
  encrypted: false,
  peers: [{ nodeId: "node2", underlay: "192.0.2.2", gateways: ["10.0.5.2"] }],
  endpoints: [],
  services: [],
  ...more,
});

/** 10.0.0.0/24, the ingress network, on node 1 with node 2 as peer. */
export const anIngress = (more: Partial<NetworkTable> = {}): NetworkTable =>
  aNetwork({
    id: "ingress00000000000000000",
    name: "ingress",
    vni: 4096,
    subnets: [{ subnet: "10.0.0.0/24", gateway: "10.0.0.1" }],
    ingress: true,
    peers: [{ nodeId: "node2", underlay: "192.0.2.2", gateways: ["10.0.0.2"] }],
    ...more,
  });

/** Port 8080 of service `web`, whose tasks answer on 80. */
export const aPort = (more: Partial<PublishedPort> = {}): PublishedPort => ({
  protocol: "tcp",
  port: 8080,
  targetPort: 80,
  serviceId: "web",
  localOnly: false,
  clientAffinity: false,
  addresses: [],
  ...more,
});

export const theTables = (
  networks: readonly NetworkTable[],
  ports: readonly PublishedPort[] = [],
): NetworkTables => ({ underlay: "192.0.2.1", dataPathPort: 4789, networks, ports });

/** Keys of encrypted networks, of which the one with this number is current. */
export const aRing = (number: number): NetworkKeyRing => ({
  previous: { number: number - 1, secret: `secret${number - 1}` },
  current: { number, secret: `secret${number}` },
  next: { number: number + 1, secret: `secret${number + 1}` },
  rotatedAt: 0,
});

export const node1: NodeFacts = { nodeId: "node1", underlayMtu: 1500, ports: new Map() };

/** The same on a kernel that can encrypt. */
export const ableNode1: NodeFacts = {
  ...node1,
  deriveKey: (secret, purpose) => `${secret}/${purpose}`,
};
