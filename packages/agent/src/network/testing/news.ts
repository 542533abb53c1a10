import { deepEqual } from "@skein/base";
import type {
  Difference,
  NetworkDelta,
  NetworkNews,
  NetworkSnapshot,
  NetworkTable,
  NetworkTables,
} from "@skein/model";
import { portKey } from "@skein/model";
import { node1 } from "./tables.ts";

const peersOf = ({ peers, subnets }: NetworkTable, underlay: string) => [
  ...peers,
  { nodeId: node1.nodeId, underlay, gateways: subnets.map(({ gateway }) => gateway) },
];

const difference = <T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (entry: T) => string,
): Difference<T> => {
  const was = new Map(before.map((entry) => [keyOf(entry), entry]));
  const now = new Set(after.map(keyOf));
  return {
    changed: after.filter((entry) => !deepEqual(was.get(keyOf(entry)), entry)),
    removed: [...was.keys()].filter((key) => !now.has(key)),
  };
};

const byId = ({ id }: { readonly id: string }): string => id;

const headOf = ({ peers: _p, endpoints: _e, services: _s, subnets, ...rest }: NetworkTable) => ({
  ...rest,
  subnets: subnets.map(({ subnet }) => subnet),
});

/** What managers would say to node 1 when its tables become others; without `before`, in a new session. */
export const newsBetween = (
  before: NetworkTables | undefined,
  after: NetworkTables,
  version: number,
): NetworkNews => {
  const { underlay } = after;
  const known = new Map((before?.networks ?? []).map((network) => [network.id, network]));
  const networks: NetworkSnapshot[] = [];
  const changes: NetworkDelta[] = [];
  for (const network of after.networks) {
    const was = known.get(network.id);
    if (was && deepEqual(headOf(was), headOf(network)))
      changes.push({
        id: network.id,
        base: version - 1,
        version,
        peers: difference(
          peersOf(was, underlay),
          peersOf(network, underlay),
          ({ nodeId }) => nodeId,
        ),
        endpoints: difference(was.endpoints, network.endpoints, byId),
        services: difference(was.services, network.services, byId),
      });
    else
      networks.push({
        ...headOf(network),
        version,
        peers: peersOf(network, underlay),
        endpoints: network.endpoints,
        services: network.services,
      });
  }
  const kept = new Set(after.networks.map(byId));
  return {
    type: "networks",
    kind: before ? "delta" : "full",
    version,
    dataPath: { underlay, port: after.dataPathPort },
    networks,
    changes,
    removed: before ? [...known.keys()].filter((id) => !kept.has(id)) : [],
    ...(before
      ? { portChanges: { base: version - 1, ...difference(before.ports, after.ports, portKey) } }
      : { ports: after.ports }),
  };
};
