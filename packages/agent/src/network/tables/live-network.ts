import type { NetworkEndpoint, NetworkPeer, NetworkService, NetworkTable } from "@skein/model";
import { formatAddress, parseAddress } from "@skein/model";
import { IndexOf } from "./index-of.ts";

/** What a network is, without what is on it. */
export type NetworkHead = Omit<NetworkTable, "peers" | "endpoints" | "services">;

/** The address in the one form by which it is looked up. */
const lookUpForm = (text: string): string => {
  const address = text.includes(":") ? parseAddress(text) : undefined;
  return address ? formatAddress(address) : text;
};

const lower = (names: readonly string[]): ReadonlySet<string> =>
  new Set(names.map((name) => name.toLowerCase()));

/**
 * The table of one network on this node, with what is needed to find things in it: a change, a
 * name and an address cost the same however large it is.
 */
export class LiveNetwork {
  head: NetworkHead;
  /** The batch of the managers' state that it shows. */
  version: number;
  readonly #peers = new Map<string, NetworkPeer>();
  readonly #endpoints = new Map<string, NetworkEndpoint>();
  readonly #services = new Map<string, NetworkService>();
  readonly #byNode = new IndexOf<NetworkEndpoint>();
  readonly #byService = new IndexOf<NetworkEndpoint>();
  readonly #byAddress = new IndexOf<NetworkEndpoint>();
  readonly #byName = new IndexOf<NetworkEndpoint>();
  readonly #servicesByName = new IndexOf<NetworkService>();
  readonly #servicesByVip = new IndexOf<NetworkService>();

  constructor(head: NetworkHead, version: number) {
    this.head = head;
    this.version = version;
  }

  get peers(): ReadonlyMap<string, NetworkPeer> {
    return this.#peers;
  }

  get endpoints(): ReadonlyMap<string, NetworkEndpoint> {
    return this.#endpoints;
  }

  get services(): ReadonlyMap<string, NetworkService> {
    return this.#services;
  }

  /** Writes one entry, or removes it. */
  setPeer(id: string, peer: NetworkPeer | undefined): void {
    if (peer) this.#peers.set(id, peer);
    else this.#peers.delete(id);
  }

  setEndpoint(id: string, after: NetworkEndpoint | undefined): void {
    const before = this.#endpoints.get(id);
    if (before) this.#index(before, "remove");
    if (after) this.#index(after, "add");
    if (after) this.#endpoints.set(id, after);
    else this.#endpoints.delete(id);
  }

  setService(id: string, after: NetworkService | undefined): void {
    const before = this.#services.get(id);
    if (before) this.#indexService(before, "remove");
    if (after) this.#indexService(after, "add");
    if (after) this.#services.set(id, after);
    else this.#services.delete(id);
  }

  endpointsOn(nodeId: string): readonly NetworkEndpoint[] {
    return this.#byNode.get(nodeId);
  }

  /** The tasks of a service to which traffic may go, in an order that all nodes share. */
  activeOf(serviceId: string): readonly NetworkEndpoint[] {
    return this.#byService
      .get(serviceId)
      .filter(({ active }) => active)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** What has this address. */
  endpointsAt(address: string): readonly NetworkEndpoint[] {
    return this.#byAddress.get(lookUpForm(address));
  }

  /** Endpoints that have this name of their own, in small letters. */
  endpointsNamed(name: string): readonly NetworkEndpoint[] {
    return this.#byName.get(name);
  }

  servicesNamed(name: string): readonly NetworkService[] {
    return this.#servicesByName.get(name);
  }

  /** The services whose VIP this is. */
  servicesAt(address: string): readonly NetworkService[] {
    return this.#servicesByVip.get(lookUpForm(address));
  }

  #index(endpoint: NetworkEndpoint, action: "add" | "remove"): void {
    const { id, name, nodeId, serviceId, aliases, addresses } = endpoint;
    this.#byNode[action](nodeId, endpoint);
    if (serviceId !== undefined) this.#byService[action](serviceId, endpoint);
    for (const address of addresses) this.#byAddress[action](lookUpForm(address), endpoint);
    for (const one of lower([id, name, ...aliases])) this.#byName[action](one, endpoint);
  }

  #indexService(service: NetworkService, action: "add" | "remove"): void {
    for (const one of lower([service.name, ...service.aliases]))
      this.#servicesByName[action](one, service);
    for (const vip of service.vips) this.#servicesByVip[action](lookUpForm(vip), service);
  }
}

/** A live network with the contents of a table. */
export const liveNetwork = (table: NetworkTable, version = 0): LiveNetwork => {
  const { peers, endpoints, services, ...head } = table;
  const network = new LiveNetwork(head, version);
  for (const peer of peers) network.setPeer(peer.nodeId, peer);
  for (const endpoint of endpoints) network.setEndpoint(endpoint.id, endpoint);
  for (const service of services) network.setService(service.id, service);
  return network;
};
