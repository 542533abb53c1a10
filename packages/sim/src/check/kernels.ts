import { countChanges, diffKernel, planDataplane } from "@skein/agent";
import { DEFAULT_DATA_PATH_PORT, networkTable, publishedPorts } from "@skein/manager";
import type { NetworkSnapshot, NetworkTable, NetworkTables, Node } from "@skein/model";
import type { View } from "@skein/store";
import type { Host } from "../host.ts";

const UNDERLAY_MTU = 1500;

/** A network's table as it is on one node. */
const asOn = (
  { version: _version, subnets, peers, ...rest }: NetworkSnapshot,
  nodeId: string,
): NetworkTable => {
  const own = peers.find((peer) => peer.nodeId === nodeId);
  return {
    ...rest,
    subnets: subnets.map((subnet, index) => ({ subnet, gateway: own?.gateways[index] ?? "" })),
    peers: peers.filter((peer) => peer !== own),
  };
};

const tablesOf = (view: View, node: Node): NetworkTables => ({
  underlay: node.dataPathAddr ?? node.status.addr,
  dataPathPort: [...view.all("clusters").values()][0]?.dataPathPort ?? DEFAULT_DATA_PATH_PORT,
  networks: (node.attachments ?? []).flatMap(({ networkId }) => {
    const network = view.get("networks", networkId);
    return network ? [asOn(networkTable(view, network, 0), node.id)] : [];
  }),
  ports: publishedPorts(view),
});

/** Whose kernel is not what follows from the leader's state as a whole, whatever its agent was told bit by bit. */
export const unlikeKernel = (view: View, hosts: readonly Host[]): string | undefined => {
  for (const host of hosts) {
    const node = view.get("nodes", host.nodeId);
    if (!node || !host.healthy) continue;
    const facts = { nodeId: node.id, underlayMtu: UNDERLAY_MTU, ports: new Map() };
    const { state } = planDataplane(tablesOf(view, node), facts);
    const changes = countChanges(diffKernel(host.kernel, state));
    const [kind] = Object.keys(changes);
    if (kind !== undefined) return `the kernel of ${host.name} is not as the tables say: ${kind}`;
  }
  return undefined;
};
