import { deepEqual, OperationError } from "@skein/base";
import type {
  Difference,
  NetworkDelta,
  NetworkKeyRing,
  NetworkNews,
  NetworkPeer,
  NetworkSnapshot,
  NetworkTables,
  PublishedPort,
} from "@skein/model";
import { portKey } from "@skein/model";
import { IndexOf } from "./index-of.ts";
import type { NetworkHead } from "./live-network.ts";
import { LiveNetwork, liveNetwork } from "./live-network.ts";
import type { EntryKind } from "./records.ts";
import { DATA_PATH, NETWORK_KEYS, entryRecord, networkRecord, portRecord } from "./records.ts";

const outOfSequence = (): OperationError =>
  new OperationError("failed-precondition", "news of networks out of sequence");

/** The network as it is on this node: its own gateways are those that it has among the peers. */
const headOf = (
  {
    version: _version,
    peers,
    endpoints: _endpoints,
    services: _services,
    ...rest
  }: NetworkSnapshot,
  nodeId: string,
): NetworkHead => {
  const gateways = peers.find((peer) => peer.nodeId === nodeId)?.gateways ?? [];
  return {
    ...rest,
    subnets: rest.subnets.map((subnet, index) => ({ subnet, gateway: gateways[index] ?? "" })),
  };
};

/** What managers told this node, kept up to date with what they say next. */
export class LiveTables {
  readonly #nodeId: string;
  readonly #networks = new Map<string, LiveNetwork>();
  readonly #ports = new Map<string, PublishedPort>();
  readonly #portsByService = new IndexOf<{ readonly id: string }>();
  #portsVersion = 0;
  #keys: NetworkKeyRing | undefined;
  underlay = "";
  dataPathPort = 0;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  get networks(): ReadonlyMap<string, LiveNetwork> {
    return this.#networks;
  }

  /** For encrypted networks; undefined while this node is on none. */
  get keys(): NetworkKeyRing | undefined {
    return this.#keys;
  }

  /** Takes up other keys, or none. Returns the keys of what is different now. */
  setKeys(keys: NetworkKeyRing | undefined): readonly string[] {
    if (deepEqual(this.#keys, keys)) return [];
    this.#keys = keys;
    return [NETWORK_KEYS];
  }

  /** By {@link portKey}. */
  get ports(): ReadonlyMap<string, PublishedPort> {
    return this.#ports;
  }

  /** Keys of the ports that a service has published. */
  portsOf(serviceId: string): readonly string[] {
    return this.#portsByService.get(serviceId).map(({ id }) => id);
  }

  /**
   * Takes up a message. Returns the keys of what is different now. Throws (failed-precondition) when a
   * message before it was missed; nothing is changed then.
   */
  apply(news: NetworkNews): ReadonlySet<string> {
    for (const delta of news.changes) this.#check(delta);
    const { portChanges: ports } = news;
    if (ports && !news.ports && ports.base > this.#portsVersion) throw outOfSequence();
    const touched = new Set<string>();
    this.#setDataPath(news, touched);
    const gone = news.kind === "full" ? new Set(this.#networks.keys()) : new Set(news.removed);
    for (const { id } of news.networks) gone.delete(id);
    for (const id of gone) this.remove(id, touched);
    for (const snapshot of news.networks) this.#replace(snapshot, touched);
    for (const delta of news.changes) this.#change(delta, touched);
    if (news.ports) this.#replacePorts(news.ports, touched);
    else if (ports) this.#changePorts(ports, touched);
    if (news.ports ?? ports) this.#portsVersion = news.version;
    return touched;
  }

  /** Takes up a network as it is on this node. */
  put(network: LiveNetwork): void {
    this.#networks.set(network.head.id, network);
  }

  /** Takes up a port, or removes it. */
  setPort(key: string, port: PublishedPort | undefined): void {
    const before = this.#ports.get(key);
    if (before) this.#portsByService.remove(before.serviceId, { id: key });
    if (port) this.#portsByService.add(port.serviceId, { id: key });
    if (port) this.#ports.set(key, port);
    else this.#ports.delete(key);
  }

  /** Forgets a network. */
  remove(id: string, touched: Set<string>): void {
    const network = this.#networks.get(id);
    if (!network) return;
    touched.add(networkRecord(id));
    for (const peer of network.peers.keys()) touched.add(entryRecord(id, "peer", peer));
    for (const endpoint of network.endpoints.keys())
      touched.add(entryRecord(id, "endpoint", endpoint));
    for (const service of network.services.keys()) touched.add(entryRecord(id, "service", service));
    this.#networks.delete(id);
  }

  #check({ id, base, version }: NetworkDelta): void {
    const known = this.#networks.get(id);
    if (!known || known.version < base || known.version >= version) throw outOfSequence();
  }

  #setDataPath({ dataPath }: NetworkNews, touched: Set<string>): void {
    if (!dataPath) return;
    if (dataPath.underlay === this.underlay && dataPath.port === this.dataPathPort) return;
    this.underlay = dataPath.underlay;
    this.dataPathPort = dataPath.port;
    touched.add(DATA_PATH);
  }

  /** A whole table: only what is different in it counts as changed. */
  #replace(snapshot: NetworkSnapshot, touched: Set<string>): void {
    const { id, version } = snapshot;
    const head = headOf(snapshot, this.#nodeId);
    const known = this.#networks.get(id);
    const network = known ?? new LiveNetwork(head, version);
    if (!known || !deepEqual(known.head, head)) touched.add(networkRecord(id));
    network.head = head;
    network.version = version;
    this.#networks.set(id, network);
    const others = snapshot.peers.filter(({ nodeId }) => nodeId !== this.#nodeId);
    const change = { touched, network };
    this.#entries({ ...change, kind: "peer" }, whole(others, network.peers, peerId));
    this.#entries(
      { ...change, kind: "endpoint" },
      whole(snapshot.endpoints, network.endpoints, ownId),
    );
    this.#entries(
      { ...change, kind: "service" },
      whole(snapshot.services, network.services, ownId),
    );
  }

  #change({ id, version, peers, endpoints, services }: NetworkDelta, touched: Set<string>): void {
    const network = this.#networks.get(id);
    if (!network) return;
    network.version = version;
    const change = { touched, network };
    if (peers)
      this.#entries({ ...change, kind: "peer" }, this.#withoutOwn(network, peers, touched));
    if (endpoints) this.#entries({ ...change, kind: "endpoint" }, endpoints);
    if (services) this.#entries({ ...change, kind: "service" }, services);
  }

  /** What is said of this node itself are its gateways. */
  #withoutOwn(
    network: LiveNetwork,
    { changed, removed }: Difference<NetworkPeer>,
    touched: Set<string>,
  ): Difference<NetworkPeer> {
    const own = changed.find(({ nodeId }) => nodeId === this.#nodeId);
    const { subnets } = network.head;
    const now = subnets.map((one, index) => ({ ...one, gateway: own?.gateways[index] ?? "" }));
    if (own && !deepEqual(subnets, now)) {
      network.head = { ...network.head, subnets: now };
      touched.add(networkRecord(network.head.id));
    }
    return { changed: changed.filter((peer) => peer !== own), removed };
  }

  #entries<T extends { readonly id: string } | NetworkPeer>(
    { kind, network, touched }: EntryChange,
    { changed, removed }: Difference<T>,
  ): void {
    const set = (id: string, value: unknown): void => {
      if (deepEqual(entriesOf(network, kind).get(id), value)) return;
      setEntry(network, kind, { id, value });
      touched.add(entryRecord(network.head.id, kind, id));
    };
    for (const id of removed) set(id, undefined);
    for (const entry of changed) set("id" in entry ? entry.id : entry.nodeId, entry);
  }

  #replacePorts(ports: readonly PublishedPort[], touched: Set<string>): void {
    this.#changePorts(whole(ports, this.#ports, portKey), touched);
  }

  #changePorts({ changed, removed }: Difference<PublishedPort>, touched: Set<string>): void {
    const set = (key: string, port: PublishedPort | undefined): void => {
      if (deepEqual(this.#ports.get(key), port)) return;
      this.setPort(key, port);
      touched.add(portRecord(key));
    };
    for (const key of removed) set(key, undefined);
    for (const port of changed) set(portKey(port), port);
  }
}

interface EntryChange {
  readonly kind: EntryKind;
  readonly network: LiveNetwork;
  readonly touched: Set<string>;
}

const peerId = ({ nodeId }: NetworkPeer): string => nodeId;
const ownId = ({ id }: { readonly id: string }): string => id;

/** The difference that leads from what is known to a whole list. */
const whole = <T>(
  list: readonly T[],
  known: ReadonlyMap<string, T>,
  keyOf: (entry: T) => string,
): Difference<T> => {
  const keys = new Set(list.map(keyOf));
  return { changed: list, removed: [...known.keys()].filter((key) => !keys.has(key)) };
};

const entriesOf = (network: LiveNetwork, kind: EntryKind): ReadonlyMap<string, unknown> => {
  if (kind === "peer") return network.peers;
  return kind === "endpoint" ? network.endpoints : network.services;
};

/** Writes one entry of a network; what it is follows from the kind. */
export const setEntry = (
  network: LiveNetwork,
  kind: EntryKind,
  { id, value }: { readonly id: string; readonly value: unknown },
): void => {
  if (kind === "peer") network.setPeer(id, value as NetworkPeer | undefined);
  else if (kind === "endpoint")
    network.setEndpoint(id, value as Parameters<LiveNetwork["setEndpoint"]>[1]);
  else network.setService(id, value as Parameters<LiveNetwork["setService"]>[1]);
};

/** Live tables with the contents of plain ones. */
export const liveTables = (tables: NetworkTables, nodeId: string): LiveTables => {
  const live = new LiveTables(nodeId);
  live.underlay = tables.underlay;
  live.dataPathPort = tables.dataPathPort;
  live.setKeys(tables.keys);
  for (const table of tables.networks) live.put(liveNetwork(table));
  for (const port of tables.ports) live.setPort(portKey(port), port);
  return live;
};
