import { createHash } from "node:crypto";
import type { LiveNetwork, LiveTables, NetworkHead } from "@skein/agent";
import type { LocalNetworkView } from "@skein/api";
import type { NetworkEndpoint, NetworkService } from "@skein/model";
import type { NetworkContainer, NetworkService as ShownService } from "@skein/wire";

/** Endpoints' ids are the engine's; what is not the engine's gets one that stays the same. */
const idFrom = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("/")).digest("hex");

const PEER_NAME = 12;

const taskOf = (
  table: LiveNetwork,
  tables: LiveTables,
  endpoint: NetworkEndpoint,
): ShownService["Tasks"][number] => {
  const peer = table.peers.get(endpoint.nodeId);
  return {
    Name: endpoint.name,
    EndpointID: idFrom(table.head.id, endpoint.id),
    EndpointIP: endpoint.addresses[0] ?? "",
    Info: { "Host IP": peer?.underlay ?? tables.underlay },
  };
};

const serviceOf = (
  table: LiveNetwork,
  tables: LiveTables,
  service: NetworkService,
): ShownService => ({
  VIP: service.vips[0] ?? "<nil>",
  Ports: [...tables.ports.values()]
    .filter(({ serviceId }) => table.head.ingress && serviceId === service.id)
    .map(({ port, targetPort }) => `Target: ${targetPort}, Publish: ${port}`),
  LocalLBIndex: 0,
  Tasks: table.activeOf(service.id).map((endpoint) => taskOf(table, tables, endpoint)),
});

/** This node's own place in a network, where Docker shows its load balancer. */
const ownEndpoint = (table: NetworkHead): readonly [string, NetworkContainer] => {
  const addresses = table.subnets.map(
    ({ subnet, gateway }) => `${gateway}${subnet.slice(subnet.indexOf("/"))}`,
  );
  const ipv4 = addresses.find((address) => !address.includes(":")) ?? "";
  const bytes = (ipv4.split("/")[0] ?? "").split(".").map(Number);
  return [
    table.ingress ? "ingress-sbox" : `lb-${table.name}`,
    {
      Name: `${table.name}-endpoint`,
      EndpointID: idFrom(table.id, ipv4),
      MacAddress: ["02:42", ...bytes.map((byte) => byte.toString(16).padStart(2, "0"))].join(":"),
      IPv4Address: ipv4,
      IPv6Address: addresses.find((address) => address.includes(":")) ?? "",
    },
  ];
};

/** What this node knows of a network that it is on, as `docker network inspect` shows it. */
export const networkView = (table: LiveNetwork, tables: LiveTables): LocalNetworkView => ({
  own: ownEndpoint(table.head),
  peers: [
    ...new Set([tables.underlay, ...[...table.peers.values()].map(({ underlay }) => underlay)]),
  ].map((IP) => ({ Name: idFrom(IP).slice(0, PEER_NAME), IP })),
  services: Object.fromEntries(
    [...table.services.values()].map((service) => [
      service.name,
      serviceOf(table, tables, service),
    ]),
  ),
});
