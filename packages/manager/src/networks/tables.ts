import type {
  Attachment,
  Network,
  NetworkEndpoint,
  NetworkPeer,
  NetworkService,
  NetworkTable,
  Node,
  PublishedPort,
  Service,
  Task,
} from "@skein/model";
import { isTerminal, specVersionId } from "@skein/model";
import type { View } from "@skein/store";
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

const ENCRYPTED = "encrypted";
const MTU = "com.docker.network.driver.mtu";

/** Characters of the short form of a container's id. */
const SHORT_ID = 12;

const underlayOf = (node: Node): string => node.dataPathAddr ?? node.status.addr;

const gatewaysOf = (node: Node, networkId: string): readonly string[] | undefined =>
  node.attachments?.find((held) => held.networkId === networkId)?.addresses;

/** Names and VIPs lead to tasks that run, are healthy, and are not about to be stopped. */
const isActive = ({ status, desiredState }: Task): boolean =>
  status.state === "running" && (desiredState === "running" || desiredState === "complete");

const endpointOf = (view: View, network: Network, task: Task): NetworkEndpoint | undefined => {
  const held = task.networks?.find(({ networkId }) => networkId === network.id);
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
    aliases: [],
    active: isActive(task),
  };
};

/** A container outside of services; also by the short form of its id, as Docker has it. */
const containerOf = (network: Network, attachment: Attachment): NetworkEndpoint | undefined => {
  const held = attachment.networks.find(({ networkId }) => networkId === network.id);
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

const serviceOf = (view: View, network: Network, service: Service): NetworkService | undefined => {
  const on = networksOfService(view, service).find((one) => one.network.id === network.id);
  if (!on) return undefined;
  const vips = (service.endpoint?.VirtualIPs ?? [])
    .filter(({ NetworkID }) => NetworkID === network.id)
    .map(({ Addr }) => (Addr ?? "").split("/")[0] ?? "");
  return { id: service.id, name: service.spec.Name ?? "", aliases: on.aliases, vips };
};

const peersOf = (view: View, network: Network, nodeId: string): readonly NetworkPeer[] =>
  [...view.all("nodes").values()].flatMap((node) => {
    const gateways = gatewaysOf(node, network.id);
    if (node.id === nodeId || !gateways || underlayOf(node) === "") return [];
    return [{ nodeId: node.id, underlay: underlayOf(node), gateways }];
  });

const mtuOf = (network: Network): { readonly mtu?: number } => {
  const mtu = Number(network.driver.options[MTU]);
  return Number.isInteger(mtu) && mtu > 0 ? { mtu } : {};
};

/** The table of one network for one node; undefined when the node is not on it. */
export const networkTable = (
  view: View,
  network: Network,
  nodeId: string,
): NetworkTable | undefined => {
  const node = view.get("nodes", nodeId);
  const gateways = node && gatewaysOf(node, network.id);
  if (!gateways) return undefined;
  const services = [...view.all("services").values()].flatMap(
    (service) => serviceOf(view, network, service) ?? [],
  );
  const tasks = [...view.tasksOfNetwork(network.id).values()].flatMap(
    (task) => endpointOf(view, network, task) ?? [],
  );
  const containers = [...view.all("attachments").values()].flatMap(
    (attachment) => containerOf(network, attachment) ?? [],
  );
  return {
    id: network.id,
    name: network.name,
    vni: network.vni,
    subnets: network.subnets.map(({ subnet }, index) => ({
      subnet,
      gateway: gateways[index] ?? "",
    })),
    internal: network.internal,
    ingress: network.ingress,
    encrypted: ENCRYPTED in network.driver.options,
    ...mtuOf(network),
    peers: peersOf(view, network, nodeId),
    endpoints: [...tasks, ...containers],
    services,
  };
};

const listOf = (text: string | undefined): readonly string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** The ports that every node answers on. None while the cluster has no ingress network. */
export const publishedPorts = (view: View): readonly PublishedPort[] => {
  if (!ingressNetwork(view)) return [];
  return [...view.all("services").values()].flatMap(({ id, spec, endpoint }) =>
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
          addresses: listOf(spec.Labels[publishLabels.addresses]),
        },
      ];
    }),
  );
};
