import { deepEqual, rpcError } from "@skein/base";
import type { Network, Service } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { Endpoint, EndpointVirtualIP, PortConfig } from "@skein/wire";
import type { AddressAllocator } from "./addresses.ts";
import { isIngress, networksOfService } from "../networks/needs.ts";

/** Ports that are handed out when a service asks for any (behaviour.md, 17.7). */
export const DYNAMIC_MIN = 30_000;
export const DYNAMIC_MAX = 32_767;

const protocolOf = (port: PortConfig): string => port.Protocol ?? "tcp";

const exhausted = (network: Network): Error =>
  rpcError(
    "failed-precondition",
    `no address is left in network ${network.name} (${network.subnets.map(({ subnet }) => subnet).join(", ")})`,
  );

/** The published ports of all other services: `<protocol>/<port>`. */
const portsInUse = (view: View, exceptId: string): ReadonlySet<string> => {
  const used = new Set<string>();
  for (const service of view.all("services").values()) {
    if (service.id === exceptId) continue;
    for (const port of [
      ...(service.endpoint?.Ports ?? []),
      ...(service.spec.EndpointSpec?.Ports ?? []),
    ])
      if (port.PublishedPort) used.add(`${protocolOf(port)}/${port.PublishedPort}`);
  }
  return used;
};

const isSamePort = (a: PortConfig, b: PortConfig): boolean =>
  (a.Name ?? "") === (b.Name ?? "") &&
  protocolOf(a) === protocolOf(b) &&
  a.TargetPort === b.TargetPort &&
  isIngress(a) === isIngress(b);

/**
 * The ports with a number for each that goes through the mesh; numbers given before are kept, and those
 * to be avoided are not given.
 */
const allocatePorts = (
  view: View,
  service: Service,
  avoided: ReadonlySet<string>,
): readonly PortConfig[] => {
  const wanted = service.spec.EndpointSpec?.Ports ?? [];
  const before = service.endpoint?.Ports ?? [];
  if (!wanted.some((port) => isIngress(port) && !port.PublishedPort)) return wanted;
  const used = new Set(portsInUse(view, service.id));
  for (const port of wanted)
    if (port.PublishedPort) used.add(`${protocolOf(port)}/${port.PublishedPort}`);
  return wanted.map((port) => {
    if (!isIngress(port) || port.PublishedPort) return port;
    const kept = before.find((former) => isSamePort(former, port))?.PublishedPort;
    const free = (number: number): boolean => !used.has(`${protocolOf(port)}/${number}`);
    let number = kept !== undefined && free(kept) ? kept : DYNAMIC_MIN;
    const isTaken = (one: number): boolean =>
      !free(one) || (one !== kept && avoided.has(`${protocolOf(port)}/${one}`));
    while (isTaken(number) && number <= DYNAMIC_MAX) number += 1;
    if (number > DYNAMIC_MAX)
      throw rpcError("failed-precondition", "no port is left in 30000-32767");
    used.add(`${protocolOf(port)}/${number}`);
    return { ...port, PublishedPort: number };
  });
};

const prefixOf = (subnet: string): string => subnet.slice(subnet.indexOf("/"));

const allocateVips = (
  tx: Transaction,
  service: Service,
  allocator: AddressAllocator,
): readonly EndpointVirtualIP[] => {
  if (service.spec.EndpointSpec?.Mode === "dnsrr") return [];
  const before = service.endpoint?.VirtualIPs ?? [];
  return networksOfService(tx, service).flatMap(({ network }) => {
    const kept = before.filter(({ NetworkID }) => NetworkID === network.id);
    if (kept.length > 0) return kept;
    const addresses = allocator.take(tx, network);
    if (!addresses) throw exhausted(network);
    return addresses.map((address, index) => ({
      NetworkID: network.id,
      Addr: address + prefixOf(network.subnets[index]?.subnet ?? "/32"),
    }));
  });
};

/**
 * Gives a service its virtual addresses and ports, and takes back those that it no longer needs.
 * Changes nothing when all is as it should be. Ports to be avoided (`tcp/30000`) are not given. Throws (failed-precondition) when a network or the
 * range of ports is exhausted.
 */
export const allocateService = (
  tx: Transaction,
  service: Service,
  allocator: AddressAllocator,
  avoided: ReadonlySet<string> = new Set(),
): void => {
  const ports = allocatePorts(tx, service, avoided);
  const vips = allocateVips(tx, service, allocator);
  if (ports.length + vips.length === 0) {
    const { endpoint: had, ...rest } = service;
    if (had) tx.put("services", rest);
    return;
  }
  const endpoint: Endpoint = {
    Spec: service.spec.EndpointSpec ?? {},
    ...(ports.length > 0 ? { Ports: ports } : {}),
    ...(vips.length > 0 ? { VirtualIPs: vips } : {}),
  };
  if (!deepEqual(endpoint, service.endpoint)) tx.put("services", { ...service, endpoint });
};
