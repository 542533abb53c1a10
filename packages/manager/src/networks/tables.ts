import type {
  Attachment,
  Network,
  NetworkEndpoint,
  NetworkPeer,
  NetworkService,
  NetworkSnapshot,
  Node,
  PublishedPort,
  Service,
  SpecVersion,
  Task,
} from "@skein/model";
import { expandContainer, isTerminal, specVersionId } from "@skein/model";
import type { View } from "@skein/store";
import { isActive } from "./backends.ts";
import { isEncrypted } from "./encryption.ts";
import { ingressNetwork, isIngress, networksOfService } from "./needs.ts";

/** Service labels that say how published ports behave. */
const publishLabels = {
  /** `true`: only tasks on the node that a connection came in on are used. */
  localOnly: "skein.publish.local-only",
  /** `client-ip`: connections of one client address go to one task. */
  affinity: "skein.publish.affinity",
  /** Addresses of nodes, separated by commas: only these answer. */
  addresses: "skein.publish.addresses",
} as const;

const MTU = "com.docker.network.driver.mtu";

/** Characters of the short form of a container's id. */
const SHORT_ID = 12;

/** Where a node's traffic between containers goes; empty as long as it is not known. */
export const underlayOf = (node: Node): string => node.dataPathAddr ?? node.status.addr;

const gatewaysOf = (node: Node, networkId: string): readonly string[] | undefined =>
  node.attachments?.find((held) => held.networkId === networkId)?.addresses;

/** The host name that the spec gives to a task's container is one of its names, as in Docker. */
const hostnameOf = (
  view: View,
  { serviceId, serviceName, task: { ContainerSpec } }: SpecVersion,
  { id, slot, nodeId }: Task & { readonly nodeId: string },
): readonly string[] => {
  const { Hostname = "" } = ContainerSpec ?? {};
  if (!Hostname.includes("{{")) return Hostname === "" ? [] : [Hostname];
  const description = view.get("nodes", nodeId)?.description;
  const place = slot === 0 ? nodeId : String(slot);
  const labels = view.get("services", serviceId)?.spec.Labels ?? {};
  const { Hostname: hostname = "" } = expandContainer(
    { Hostname },
    {
      service: { id: serviceId, name: serviceName, labels },
      node: {
        id: nodeId,
        hostname: description?.Hostname ?? "",
        platform: description?.Platform ?? {},
      },
      task: { id, name: `${serviceName}.${place}.${id}`, slot: place },
    },
  );
  return hostname === "" ? [] : [hostname];
};

/** A task on a network; undefined when it holds no address there. */
export const endpointOf = (
  view: View,
  network: string,
  task: Task,
): NetworkEndpoint | undefined => {
  const held = task.networks?.find(({ networkId }) => networkId === network);
  if (!held || task.nodeId === undefined || isTerminal(task.status.state)) return undefined;
  const version = view.get("specs", specVersionId(task.serviceId, task.specVersion));
  const place = task.slot === 0 ? task.nodeId : String(task.slot);
  return {
    id: task.id,
    name: `${version?.serviceName ?? ""}.${place}.${task.id}`,
    nodeId: task.nodeId,
    addresses: held.addresses,
    serviceId: task.serviceId,
    slot: task.slot,
    aliases: version ? hostnameOf(view, version, { ...task, nodeId: task.nodeId }) : [],
    active: isActive(view, network, task),
  };
};

/** A container outside of services; also by the short form of its id, as Docker has it. */
export const containerOf = (
  network: string,
  attachment: Attachment,
): NetworkEndpoint | undefined => {
  const held = attachment.networks.find(({ networkId }) => networkId === network);
  if (!held) return undefined;
  const { id, name, nodeId } = attachment;
  return {
    id,
    name,
    nodeId,
    addresses: held.addresses,
    slot: 0,
    aliases: [...held.aliases, id.slice(0, SHORT_ID)],
    active: true,
  };
};

/** A service on a network; undefined when it is not there. */
export const serviceOf = (
  view: View,
  network: string,
  service: Service,
): NetworkService | undefined => {
  const on = networksOfService(view, service).find((one) => one.network.id === network);
  if (!on) return undefined;
  const vips = (service.endpoint?.VirtualIPs ?? [])
    .filter(({ NetworkID }) => NetworkID === network)
    .map(({ Addr }) => (Addr ?? "").split("/")[0] ?? "");
  return { id: service.id, name: service.spec.Name ?? "", aliases: on.aliases, vips };
};

/** A node on a network; undefined when it is not there, or has no address yet. */
export const peerOf = (network: string, node: Node): NetworkPeer | undefined => {
  const gateways = gatewaysOf(node, network);
  const underlay = underlayOf(node);
  return gateways && underlay !== "" ? { nodeId: node.id, underlay, gateways } : undefined;
};

const mtuOf = (network: Network): { readonly mtu?: number } => {
  const mtu = Number(network.driver.options[MTU]);
  return Number.isInteger(mtu) && mtu > 0 ? { mtu } : {};
};

/** The whole table of one network, the same for all of its nodes. */
export const networkTable = (view: View, network: Network, version: number): NetworkSnapshot => {
  const { id } = network;
  const services = [...view.all("services").values()].flatMap(
    (service) => serviceOf(view, id, service) ?? [],
  );
  const tasks = [...view.tasksOfNetwork(id).values()].flatMap(
    (task) => endpointOf(view, id, task) ?? [],
  );
  const containers = [...view.all("attachments").values()].flatMap(
    (attachment) => containerOf(id, attachment) ?? [],
  );
  return {
    id,
    version,
    name: network.name,
    vni: network.vni,
    subnets: network.subnets.map(({ subnet }) => subnet),
    internal: network.internal,
    ingress: network.ingress,
    encrypted: isEncrypted(network),
    ...mtuOf(network),
    peers: [...view.all("nodes").values()].flatMap((node) => peerOf(id, node) ?? []),
    endpoints: [...tasks, ...containers],
    services,
  };
};

const listOf = (text: string | undefined): readonly string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** The addresses of nodes that alone answer on a service's ports; none: all do. */
export const publishedAddresses = (labels: Readonly<Record<string, string>>): readonly string[] =>
  listOf(labels[publishLabels.addresses]);

/** The ports of one service that every node answers on. */
export const portsOf = ({ id, spec, endpoint }: Service): readonly PublishedPort[] =>
  (endpoint?.Ports ?? []).flatMap((port): PublishedPort[] => {
    if (!isIngress(port) || !port.PublishedPort) return [];
    return [
      {
        protocol: port.Protocol ?? "tcp",
        port: port.PublishedPort,
        targetPort: port.TargetPort ?? 0,
        serviceId: id,
        localOnly: spec.Labels[publishLabels.localOnly] === "true",
        clientAffinity: spec.Labels[publishLabels.affinity] === "client-ip",
        addresses: publishedAddresses(spec.Labels),
      },
    ];
  });

/** The ports that every node answers on. None while the cluster has no ingress network. */
export const publishedPorts = (view: View): readonly PublishedPort[] =>
  ingressNetwork(view) ? [...view.all("services").values()].flatMap(portsOf) : [];
