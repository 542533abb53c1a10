import { rpcError } from "@skein/base";
import type { HostListener, Node, NodeAnswers, PortRange, Service } from "@skein/model";
import { isTerminal, matchesConstraint, parseConstraint, whoListens } from "@skein/model";
import type { View } from "@skein/store";
import type { PortConfig, ServiceSpec } from "@skein/wire";
import { DYNAMIC_MAX, DYNAMIC_MIN } from "../allocator/services.ts";
import { isIngress, ingressNetwork } from "../networks/needs.ts";
import { publishedAddresses } from "../networks/tables.ts";

/** What a node said of its listeners. */
export type NodeListeners = NodeAnswers["listeners"];

/** By node id; nodes that did not answer in time are left out. */
export type ListenersByNode = ReadonlyMap<string, NodeListeners>;

const protocolOf = (port: PortConfig): PortRange["protocol"] => port.Protocol ?? "tcp";

const portsOf = (spec: ServiceSpec): readonly PortConfig[] => spec.EndpointSpec?.Ports ?? [];

const isSame = (a: PortConfig, b: PortConfig): boolean =>
  a.PublishedPort === b.PublishedPort &&
  protocolOf(a) === protocolOf(b) &&
  isIngress(a) === isIngress(b);

/** The published ports that the service does not have yet; all of them when other addresses shall answer. */
export const newPorts = (spec: ServiceSpec, former: Service | undefined): readonly PortConfig[] => {
  const before = publishedAddresses(former?.spec.Labels ?? {});
  const moved = publishedAddresses(spec.Labels).join() !== before.join();
  const held = moved ? [] : (former?.endpoint?.Ports ?? []);
  return portsOf(spec).filter((port) => !held.some((one) => isSame(one, port)));
};

/** What nodes are to be asked for: the ports that are named, and all that may be given out. */
export const rangesOf = (ports: readonly PortConfig[]): readonly PortRange[] => {
  const named = ports.flatMap((port): readonly PortRange[] =>
    port.PublishedPort
      ? [{ protocol: protocolOf(port), first: port.PublishedPort, last: port.PublishedPort }]
      : [],
  );
  const any = ports.filter((port) => isIngress(port) && !port.PublishedPort).map(protocolOf);
  return [
    ...named,
    ...[...new Set(any)].map((protocol) => ({ protocol, first: DYNAMIC_MIN, last: DYNAMIC_MAX })),
  ];
};

const isWildcard = (address: string): boolean => ["*", "0.0.0.0", "::"].includes(address);

/** The address families on which it listens. */
const familiesOf = ({ address }: HostListener): readonly ("ip" | "ip6")[] => {
  if (address === "*") return ["ip", "ip6"];
  return [address.includes(":") ? "ip6" : "ip"];
};

const isOn = (listener: HostListener, port: PortConfig): boolean =>
  listener.port === port.PublishedPort && listener.protocol === protocolOf(port);

/**
 * Whether a published port would take connections from the listener: in the families that the ingress
 * network has, on every address of the host, or on those alone that the service names.
 */
const isShadowed = (
  listener: HostListener,
  families: ReadonlySet<string>,
  addresses: { readonly published: readonly string[]; readonly own: readonly string[] },
): boolean => {
  if (!familiesOf(listener).some((family) => families.has(family))) return false;
  const { published, own } = addresses;
  if (published.length === 0) return true;
  return isWildcard(listener.address)
    ? published.some((address) => own.includes(address))
    : published.includes(listener.address);
};

const ingressFamilies = (view: View): ReadonlySet<string> =>
  new Set(
    (ingressNetwork(view)?.subnets ?? []).map(({ subnet }) =>
      subnet.includes(":") ? "ip6" : "ip",
    ),
  );

/**
 * Whether the engine listens there for a task of the cluster, as its agent reported: such ports are the
 * scheduler's business. What a task that has not started yet wants does not count.
 */
const isOfTask = (view: View, nodeId: string, listener: HostListener): boolean =>
  [...view.tasksOfNode(nodeId).values()].some(
    ({ status }) =>
      !isTerminal(status.state) && (status.ports ?? []).some((port) => isOn(listener, port)),
  );

const text = (port: PortConfig, listener: HostListener, node: Node): string => {
  const host = node.description?.Hostname ?? node.id;
  return `port '${port.PublishedPort}' is already in use by ${whoListens(listener)} on node ${host}: stop it, or publish another port`;
};

const refusal = (port: PortConfig, listener: HostListener, node: Node): Error =>
  rpcError("invalid-parameter", text(port, listener, node));

/** Nodes on which tasks of the service may come to run. */
const mayRunOn = (spec: ServiceSpec, node: Node): boolean =>
  node.spec.Availability === "active" &&
  node.status.state === "ready" &&
  (spec.TaskTemplate.Placement?.Constraints ?? []).every((constraint) =>
    matchesConstraint(parseConstraint(constraint), node),
  );

interface Holder {
  readonly node: Node;
  readonly listener: HostListener;
}

const holdersOf = (
  view: View,
  answers: ListenersByNode,
  isHeld: (listener: HostListener, answer: NodeListeners) => boolean,
): readonly Holder[] =>
  [...answers].flatMap(([nodeId, answer]): readonly Holder[] => {
    const node = view.get("nodes", nodeId);
    const listener = answer.listeners.find(
      (one) => isHeld(one, answer) && !isOfTask(view, nodeId, one),
    );
    return node && listener ? [{ node, listener }] : [];
  });

/** A port in host mode is refused where no task could have it: on all nodes, or on one of a global service's. */
const refuseHostPort = (
  view: View,
  spec: ServiceSpec,
  { port, answers }: { readonly port: PortConfig; readonly answers: ListenersByNode },
): void => {
  const eligible = [...view.all("nodes").values()].filter((node) => mayRunOn(spec, node));
  const holders = holdersOf(view, answers, (listener) => isOn(listener, port)).filter(({ node }) =>
    eligible.includes(node),
  );
  const [first] = holders;
  const isGlobal = spec.Mode.Global !== undefined || spec.Mode.GlobalJob !== undefined;
  if (first && (isGlobal || holders.length === eligible.length))
    throw refusal(port, first.listener, first.node);
};

/**
 * Refuses a published port on which a program of some host waits: the mesh would take its connections, a
 * task in host mode would not get the port. Ports of the cluster's own tasks do not count. Throws
 * (invalid-parameter) with the program and the node.
 */
export const refuseHeldPorts = (
  view: View,
  spec: ServiceSpec,
  { ports, answers }: { readonly ports: readonly PortConfig[]; readonly answers: ListenersByNode },
): void => {
  const families = ingressFamilies(view);
  const published = publishedAddresses(spec.Labels);
  for (const port of ports) {
    if (!port.PublishedPort) continue;
    if (!isIngress(port)) {
      refuseHostPort(view, spec, { port, answers });
      continue;
    }
    const [holder] = holdersOf(
      view,
      answers,
      (listener, { addresses: own }) =>
        isOn(listener, port) && isShadowed(listener, families, { published, own }),
    );
    if (holder) throw refusal(port, holder.listener, holder.node);
  }
};

/** Ports that are not to be given out: `<protocol>/<port>`. */
export const heldPorts = (answers: ListenersByNode): ReadonlySet<string> =>
  new Set(
    [...answers.values()].flatMap(({ listeners }) =>
      listeners.map(({ protocol, port }) => `${protocol}/${port}`),
    ),
  );
