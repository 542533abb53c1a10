import { messageOf } from "@skein/base";
import type { EndpointFacts, NodeAnswers, NodeQuestion, PathFacts } from "@skein/model";
import type { View } from "@skein/store";
import type { NetworkTrace } from "@skein/wire";
import { asking } from "../control-api/diagnosis.ts";
import type { Inquiries } from "../dispatcher/inquiries.ts";
import type { End, Place } from "./ends.ts";
import { findEnd } from "./ends.ts";
import type { Found, Side } from "./facts.ts";
import { broken } from "./hops.ts";
import { judgeTrace } from "./judge.ts";

/** How long a node may take for its part, in milliseconds. */
const ANSWER_MS = 5000;

/** At most so many tasks of a service are tried. */
const MOST_TARGETS = 16;

/** The way that is asked for. */
export interface TraceRequest {
  /** A service, a task or an attached container. */
  readonly source: string;
  readonly destination: string;
  /** 0: only whether the other end is reached. */
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

interface Chosen {
  readonly source: Place;
  /** On the same network. */
  readonly targets: readonly Place[];
}

const nodeName = (view: View, id: string): string =>
  view.get("nodes", id)?.description?.Hostname ?? id;

const addressOf = ({ endpoint }: Place): string => endpoint.addresses[0] ?? "";

/** The first network that both are on. */
const choose = (source: End, destination: End): Chosen | undefined => {
  for (const place of source.places) {
    const targets = destination.places.filter(
      ({ network, endpoint }) =>
        network.id === place.network.id &&
        (endpoint.id !== place.endpoint.id || destination.places.length === 1),
    );
    if (targets.length > 0) return { source: place, targets: targets.slice(0, MOST_TARGETS) };
  }
  return undefined;
};

const networksOf = ({ places }: End): string =>
  [...new Set(places.map(({ network }) => network.name))].join(", ");

/** Why there is nothing to walk: an end without a container, or no common network. */
const noWay = (source: End, destination: End): NetworkTrace => {
  const empty = [["source", source] as const, ["destination", destination] as const].flatMap(
    ([name, { title, places, trouble }]) =>
      places.length > 0
        ? []
        : [
            broken(
              name,
              "",
              `${title} has no container on a network of the cluster: ${trouble}`,
              "see 'docker service ps --no-trunc', and attach it to a network with --network-add",
            ),
          ],
  );
  const apart = broken(
    "network",
    "",
    `${source.title} is on ${networksOf(source)}, ${destination.title} on ${networksOf(destination)}`,
    "attach both to one network: 'docker service update --network-add'",
  );
  return {
    Source: source.title,
    Destination: destination.title,
    Reached: false,
    Hops: empty.length > 0 ? empty : [apart],
  };
};

type Ask = <Q extends NodeQuestion>(
  nodeId: string,
  question: Q,
) => Promise<Found<NodeAnswers[Q["kind"]]>>;

const askThrough =
  (inquiries: Inquiries): Ask =>
  async (nodeId, question) => {
    try {
      return { facts: await inquiries.ask(nodeId, question, ANSWER_MS) };
    } catch (error) {
      return { failure: messageOf(error) };
    }
  };

/** Another node as the source's sees it. */
const peerOf = (
  view: View,
  { network, endpoint }: Place,
): { readonly gateway: string; readonly underlay: string } => {
  const node = view.get("nodes", endpoint.nodeId);
  const held = node?.attachments?.find(({ networkId }) => networkId === network.id);
  return {
    gateway: held?.addresses[0] ?? "",
    underlay: node?.dataPathAddr ?? node?.status.addr ?? "",
  };
};

const vipsOf = ({ source }: Chosen, { service }: End): readonly string[] =>
  source.table.services.find(({ id }) => id === service?.id)?.vips ?? [];

const askEndpoint = (
  ask: Ask,
  { endpoint, network }: Place,
  others: readonly string[],
): Promise<Found<EndpointFacts>> =>
  ask(endpoint.nodeId, {
    kind: "endpoint",
    endpointId: endpoint.id,
    name: endpoint.name,
    isTask: endpoint.serviceId !== undefined,
    networkId: network.id,
    addresses: endpoint.addresses,
    others,
  });

/** The task that is looked at closely: one that does not answer, if there is one. */
const suspect = ({ targets }: Chosen, path: Found<PathFacts>): Place | undefined => {
  const reached = "facts" in path ? path.facts.reached : {};
  const silent = targets.find((place) => reached[addressOf(place)] === "silent");
  const refusing = targets.find((place) => reached[addressOf(place)] === "refused");
  return silent ?? refusing ?? targets[0];
};

const askPath = (
  ask: Ask,
  view: View,
  chosen: Chosen,
  question: { readonly name: string; readonly vips: readonly string[]; readonly port: number },
): Promise<Found<PathFacts>> => {
  const { source, targets } = chosen;
  const remote = targets.filter(({ endpoint }) => endpoint.nodeId !== source.endpoint.nodeId);
  const peers = new Map(remote.map((place) => [place.endpoint.nodeId, peerOf(view, place)]));
  return ask(source.endpoint.nodeId, {
    kind: "path",
    endpointId: source.endpoint.id,
    endpointName: source.endpoint.name,
    isTask: source.endpoint.serviceId !== undefined,
    networkId: source.network.id,
    name: question.name,
    addresses: [...question.vips.slice(0, 1), ...targets.map(addressOf)],
    port: question.port,
    vips: question.vips,
    peers: [...peers.values()],
  });
};

/**
 * Walks the way from one container to another, asking both nodes. Rejects (not-found) when an end is
 * not known, (unavailable) when this manager does not lead.
 */
export const traceNetwork = async (
  view: View,
  inquiries: Inquiries | undefined,
  request: TraceRequest,
): Promise<NetworkTrace> => {
  const [from, to] = [findEnd(view, request.source), findEnd(view, request.destination)];
  const ask = askThrough(asking(inquiries));
  const chosen = choose(from, to);
  if (!chosen) return noWay(from, to);
  const { source, targets } = chosen;
  const vips = vipsOf(chosen, to);
  const name = to.service ? to.title : (targets[0]?.endpoint.name ?? to.title);
  const addresses = targets.map(addressOf);
  const remote = targets.filter(({ endpoint }) => endpoint.nodeId !== source.endpoint.nodeId);
  const underlays = remote.map((place) => peerOf(view, place).underlay);
  // UDP is not tried, but whether the address answers at all is.
  const port = request.protocol === "tcp" ? request.port : 0;
  const [found, path] = await Promise.all([
    askEndpoint(ask, source, [...vips, ...addresses, ...underlays]),
    askPath(ask, view, chosen, { name, vips, port }),
  ]);
  const target = suspect(chosen, path) ?? source;
  const back = [addressOf(source), peerOf(view, source).underlay];
  const side = (place: Place, facts: Found<EndpointFacts>): Side => ({
    endpoint: place.endpoint,
    node: nodeName(view, place.endpoint.nodeId),
    address: addressOf(place),
    found: facts,
  });
  return judgeTrace({
    network: source.network.name,
    source: side(source, found),
    destination: side(target, await askEndpoint(ask, target, back)),
    name,
    expected: vips.length > 0 ? vips : addresses,
    vips,
    active: targets.filter(({ endpoint }) => endpoint.active).map(addressOf),
    path,
    ...(target.endpoint.nodeId === source.endpoint.nodeId ? {} : { peer: peerOf(view, target) }),
    port: request.port,
    protocol: request.protocol,
  });
};
