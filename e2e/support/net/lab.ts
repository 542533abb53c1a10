import { engineEndpoint, engineNetwork, mtuOf, planDataplane } from "@skein/agent";
import type { BridgePort, Dataplane, DataplanePlan } from "@skein/agent";
import type {
  NetworkEndpoint,
  NetworkKeyRing,
  NetworkTable,
  NetworkTables,
  PublishedPort,
} from "@skein/model";
import { deriveKey, newLinuxDataplane } from "@skein/platform";
import { NetworkNamespace } from "./network-namespace.ts";

/** A node: a network namespace with an underlay interface and a data plane. */
export interface LabHost {
  readonly index: number;
  readonly nodeId: string;
  readonly namespace: NetworkNamespace;
  readonly address: string;
  readonly address6: string;
  readonly dataplane: Dataplane;
  readonly ports: Map<string, BridgePort>;
  /** For its encrypted networks. */
  keys: NetworkKeyRing | undefined;
}

/** Which addresses the nodes use among each other. */
export type Underlay = "ip" | "ip6";

/** A network of the lab; hosts get their own gateways in it. */
export interface LabNetwork {
  readonly id: string;
  readonly name: string;
  readonly vni: number;
  /** The first three numbers: `10.0.5`. */
  readonly base: string;
  /** The IPv6 prefix up to `::`. */
  readonly base6: string;
  readonly internal?: boolean;
  readonly ingress?: boolean;
  readonly encrypted?: boolean;
}

export interface LabService {
  readonly id: string;
  readonly networkId: string;
  /** Last number of its VIPs. */
  readonly vip: number;
}

/** What stands for a container: a namespace with an interface in each of its networks. */
export interface LabTask {
  readonly id: string;
  readonly host: LabHost;
  readonly namespace: NetworkNamespace;
  readonly serviceId?: string;
  /** Last number of its addresses. */
  readonly last: number;
  readonly networks: readonly LabNetwork[];
  active: boolean;
}

const addressesOf = ({ base, base6 }: LabNetwork, last: number): readonly string[] => [
  `${base}.${last}`,
  `${base6}::${last.toString(16)}`,
];

/** Nodes on one Ethernet segment, a router on it, and a client behind the router. */
export class Lab {
  readonly #name: string;
  readonly hosts: LabHost[] = [];
  readonly networks: LabNetwork[] = [];
  readonly services: LabService[] = [];
  readonly tasks: LabTask[] = [];
  readonly published: PublishedPort[] = [];
  readonly #namespaces: NetworkNamespace[] = [];
  #router: NetworkNamespace | undefined;
  #outside: NetworkNamespace | undefined;
  #wire: NetworkNamespace | undefined;
  readonly #underlay: Underlay;

  constructor(name: string, underlay: Underlay = "ip") {
    this.#underlay = underlay;
    // Two runs on one machine must not meet.
    this.#name = `skdp${process.pid}-${name}`;
  }

  /** A machine on the nodes' own segment: 10.97.0.254. */
  get router(): NetworkNamespace {
    if (!this.#router) throw new Error("the lab is not open");
    return this.#router;
  }

  /** A machine behind the router: 198.51.100.9. */
  get outside(): NetworkNamespace {
    if (!this.#outside) throw new Error("the lab is not open");
    return this.#outside;
  }

  /** The segment itself: what goes from node to node is forwarded here. */
  get wire(): NetworkNamespace {
    if (!this.#wire) throw new Error("the lab is not open");
    return this.#wire;
  }

  host(number: number): LabHost {
    const host = this.hosts[number - 1];
    if (!host) throw new Error(`no host ${number}`);
    return host;
  }

  task(id: string): LabTask {
    const task = this.tasks.find((one) => one.id === id);
    if (!task) throw new Error(`no task ${id}`);
    return task;
  }

  async open(hosts: number): Promise<void> {
    const wire = await this.#namespace("switch");
    this.#wire = wire;
    await wire.sh("ip link add sw type bridge; ip link set sw up");
    this.#router = await this.#namespace("router");
    await this.#plug(wire, this.router, ["10.97.0.254/24", "fd97::fe/64"]);
    await this.router.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    this.#outside = await this.#namespace("outside");
    await this.outside.sh(
      `ip link add eth0 type veth peer name eth1 netns ${this.router.name}; ip addr add 198.51.100.9/24 dev eth0; ip addr add fd98::9/64 dev eth0 nodad; ip link set eth0 up; ip route add default via 198.51.100.1`,
    );
    await this.router.sh(
      "ip addr add 198.51.100.1/24 dev eth1; ip addr add fd98::1/64 dev eth1 nodad; ip link set eth1 up",
    );
    await this.outside.sh("ip -6 route add default via fd98::1");
    for (let index = 1; index <= hosts; index += 1) await this.#addHost(wire, index);
  }

  async close(): Promise<void> {
    for (const { dataplane } of this.hosts) await dataplane.close();
    for (const namespace of this.#namespaces.toReversed()) await namespace.remove();
  }

  /** A further machine, plugged in nowhere; it ends with the lab. */
  machine(name: string): Promise<NetworkNamespace> {
    return this.#namespace(name);
  }

  /** A further namespace, which ends with the lab. */
  async #namespace(name: string): Promise<NetworkNamespace> {
    const namespace = await NetworkNamespace.create(`${this.#name}-${name}`);
    this.#namespaces.push(namespace);
    return namespace;
  }

  async #plug(
    wire: NetworkNamespace,
    machine: NetworkNamespace,
    addresses: readonly string[],
  ): Promise<void> {
    const port = `p${this.#namespaces.length}`;
    await wire.sh(
      `ip link add ${port} type veth peer name eth0 netns ${machine.name}; ip link set ${port} master sw up`,
    );
    const lines = addresses.map(
      (address) => `ip addr add ${address} dev eth0 ${address.includes(":") ? "nodad" : ""}`,
    );
    await machine.sh([...lines, "ip link set eth0 up"].join("; "));
  }

  async #addHost(wire: NetworkNamespace, index: number): Promise<void> {
    const namespace = await this.#namespace(`n${index}`);
    const [address, address6] = [`10.97.0.${index}`, `fd97::${index}`];
    await this.#plug(wire, namespace, [`${address}/24`, `${address6}/64`]);
    await namespace.sh(
      "ip route add default via 10.97.0.254; ip -6 route add default via fd97::fe",
    );
    // As engines leave it, and as hosts are that filter strictly.
    await namespace.sh(
      "iptables -P FORWARD DROP; ip6tables -P FORWARD DROP; sysctl -qw net.ipv4.conf.all.rp_filter=1; sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0",
    );
    this.hosts.push({
      index,
      nodeId: `node${index}`,
      namespace,
      address,
      address6,
      dataplane: newLinuxDataplane({ enter: namespace.enter }),
      ports: new Map(),
      keys: undefined,
    });
  }

  #underlayOf({ address, address6 }: LabHost): string {
    return this.#underlay === "ip" ? address : address6;
  }

  /** What managers would tell a node. */
  tables(host: LabHost): NetworkTables {
    return {
      underlay: this.#underlayOf(host),
      dataPathPort: 4789,
      ...(host.keys ? { keys: host.keys } : {}),
      networks: this.networks.map((network) => this.#table(host, network)),
      ports: this.published,
    };
  }

  plan(host: LabHost): DataplanePlan {
    const { nodeId, ports } = host;
    return planDataplane(this.tables(host), { nodeId, underlayMtu: 1500, ports, deriveKey });
  }

  /** Brings one node to what the lab's fields say. */
  async applyAt(host: LabHost): Promise<void> {
    await host.dataplane.apply(this.plan(host).state);
  }

  /** Brings all nodes to what the lab's fields say. */
  async apply(): Promise<void> {
    await Promise.all(this.hosts.map((host) => this.applyAt(host)));
  }

  #table(host: LabHost, network: LabNetwork): NetworkTable {
    const { id, name, vni, internal = false, ingress = false, encrypted = false } = network;
    const on = this.tasks.filter(({ networks }) => networks.includes(network));
    return {
      id,
      name,
      vni,
      internal,
      ingress,
      encrypted,
      subnets: [
        { subnet: `${network.base}.0/24`, gateway: `${network.base}.${host.index}` },
        { subnet: `${network.base6}::/64`, gateway: `${network.base6}::${host.index}` },
      ],
      peers: this.hosts
        .filter((peer) => peer !== host)
        .map((peer) => ({
          nodeId: peer.nodeId,
          underlay: this.#underlayOf(peer),
          gateways: addressesOf(network, peer.index),
        })),
      endpoints: on.map((task): NetworkEndpoint => ({
        id: task.id,
        name: task.id,
        nodeId: task.host.nodeId,
        addresses: addressesOf(network, task.last),
        slot: 0,
        aliases: [],
        active: task.active,
        ...(task.serviceId === undefined ? {} : { serviceId: task.serviceId }),
      })),
      services: this.services
        .filter(({ networkId }) => networkId === id)
        .map((service) => ({
          id: service.id,
          name: service.id,
          aliases: [],
          vips: addressesOf(network, service.vip),
        })),
    };
  }

  /**
   * Starts what stands for a container, as an engine would: the first network has the default route. The data
   * plane must have been applied, so that the bridges are there.
   */
  async start(
    id: string,
    at: number,
    last: number,
    {
      networks,
      serviceId,
    }: { readonly networks: readonly LabNetwork[]; readonly serviceId?: string },
  ): Promise<LabTask> {
    const host = this.host(at);
    const namespace = await this.#namespace(id);
    await namespace.sh("sysctl -qw net.ipv4.conf.all.rp_filter=1");
    const task: LabTask = {
      id,
      host,
      namespace,
      last,
      networks,
      active: true,
      ...(serviceId === undefined ? {} : { serviceId }),
    };
    for (const [index, network] of networks.entries()) await this.#connect(task, network, index);
    const pid = await namespace.serve(id, 80);
    this.tasks.push(task);
    await this.#attach(task, pid);
    return task;
  }

  /**
   * A machine on the segment that is no node, and sends frames to node 1 as if it were one: in the clear.
   */
  async stranger({ vni, base }: LabNetwork, port: number): Promise<NetworkNamespace> {
    const stranger = await this.#namespace("stranger");
    await this.#plug(this.wire, stranger, ["10.97.0.200/24", "fd97::200/64"]);
    await stranger.sh(
      `ip link add vx type vxlan id ${vni} dstport ${port} local 10.97.0.200 remote ${this.host(1).address}; ip addr add ${base}.200/24 dev vx; ip link set vx up`,
    );
    return stranger;
  }

  /** What the agent does when a container has been started. */
  async #attach({ host, networks }: LabTask, pid: number): Promise<void> {
    const outward =
      networks.find(({ ingress }) => ingress) ?? networks.find((one) => !one.internal);
    const gateways = outward ? addressesOf(outward, host.index) : [];
    for (const { port, bridge } of await host.dataplane.attach({ pid, gateways }))
      host.ports.set(port, { bridge, hairpin: true });
  }

  async #connect(
    { host, namespace, id, last }: LabTask,
    network: LabNetwork,
    index: number,
  ): Promise<void> {
    const table = this.#table(host, network);
    const mtu = mtuOf(table, this.#underlayOf(host), 1500);
    // The values that an engine would be given.
    const { bridge, subnets } = engineNetwork(table, mtu);
    const { mac, ipv4, ipv6 } = engineEndpoint(addressesOf(network, last));
    const device = `eth${index}`;
    await host.namespace.sh(
      `ip link add v${index}${id} mtu ${mtu} type veth peer name ${device} address ${mac} mtu ${mtu} netns ${namespace.name}; ip link set v${index}${id} master ${bridge} up`,
    );
    await namespace.sh(
      `ip link set ${device} up; ip addr add ${ipv4}/24 dev ${device}; ip addr add ${ipv6}/64 dev ${device} nodad`,
    );
    if (index === 0 && network.internal !== true)
      await namespace.sh(
        subnets.map(({ gateway }) => `ip route add default via ${gateway}`).join("; "),
      );
  }
}
