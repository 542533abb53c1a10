import type {
  DownMessage,
  NetworkNews,
  NetworkSnapshot,
  NetworkTable,
  WholeNetworks,
} from "@skein/model";

/** What agents of protocol 1 understand; with anything else they would end the session. */
const KNOWN_TO_1: ReadonlySet<DownMessage["type"]> = new Set([
  "welcome",
  "cluster",
  "assignments",
  "withdrawn",
  "acknowledged",
  "subscribe-logs",
  "unsubscribe-logs",
]);

/** The first protocol with all messages of today. */
const PRESENT = 2;

/** Whether the agent hears of networks by their changes, or gets whole tables. */
export const hearsChanges = (protocol: number): boolean => protocol >= PRESENT;

/** Whether an agent of this protocol knows what to do with a message. */
export const understands = (protocol: number, message: DownMessage): boolean =>
  protocol >= PRESENT || KNOWN_TO_1.has(message.type);

/** The table of one node: its own gateways are in the subnets, and it is none of its own peers. */
const tableFor = (snapshot: NetworkSnapshot, nodeId: string): NetworkTable => {
  const { version: _, subnets, peers, ...rest } = snapshot;
  const gateways = peers.find((peer) => peer.nodeId === nodeId)?.gateways ?? [];
  return {
    ...rest,
    subnets: subnets.map((subnet, index) => ({ subnet, gateway: gateways[index] ?? "" })),
    peers: peers.filter((peer) => peer.nodeId !== nodeId),
  };
};

/** All that a node hears of its networks, as protocol 1 says it. */
export const wholeNetworks = (nodeId: string, news: NetworkNews): WholeNetworks => ({
  type: "networks",
  kind: "full",
  version: news.version,
  underlay: news.dataPath?.underlay ?? "",
  dataPathPort: news.dataPath?.port ?? 0,
  networks: news.networks.map((snapshot) => tableFor(snapshot, nodeId)),
  removed: [],
  ports: news.ports ?? [],
});
