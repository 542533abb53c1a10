import { deepEqual } from "@skein/base";
import { networkTable, publishedPorts } from "@skein/manager";
import type { NetworkSnapshot } from "@skein/model";
import { portKey } from "@skein/model";
import type { View } from "@skein/store";
import type { TableFollower } from "../table-follower.ts";

/** Compares tables of many nodes, which share most of their entries: each pair is looked at once. */
class Comparison {
  readonly #known = new WeakMap<object, object>();
  compared = 0;

  areEqual(one: object | undefined, other: object | undefined): boolean {
    this.compared += 1;
    if (!one || !other) return one === other;
    if (this.#known.get(one) === other) return true;
    if (!deepEqual(one, other)) return false;
    this.#known.set(one, other);
    return true;
  }

  /** The key of an entry that is only in one of them, or differs. */
  unlike(
    found: ReadonlyMap<string, object>,
    expected: ReadonlyMap<string, object>,
  ): string | undefined {
    for (const key of found.keys()) if (!expected.has(key)) return key;
    for (const [key, entry] of expected) if (!this.areEqual(found.get(key), entry)) return key;
    return undefined;
  }
}

interface Expected {
  readonly snapshot: NetworkSnapshot;
  readonly peers: ReadonlyMap<string, object>;
  readonly endpoints: ReadonlyMap<string, object>;
  readonly services: ReadonlyMap<string, object>;
}

const byId = <T extends { readonly id: string }>(list: readonly T[]): ReadonlyMap<string, T> =>
  new Map(list.map((entry) => [entry.id, entry]));

const expectedOf = (view: View): ReadonlyMap<string, Expected> =>
  new Map(
    [...view.all("networks").values()].map((network) => {
      const snapshot = networkTable(view, network, 0);
      const { peers, endpoints, services } = snapshot;
      return [
        network.id,
        {
          snapshot,
          peers: new Map(peers.map((peer) => [peer.nodeId, peer])),
          endpoints: byId(endpoints),
          services: byId(services),
        },
      ];
    }),
  );

/** A node that does not know what the leader's state says of its networks, and of how much it was asked. */
export const unlikeTables = (
  view: View,
  followers: readonly TableFollower[],
): { readonly violation: string | undefined; readonly compared: number } => {
  const comparison = new Comparison();
  const networks = expectedOf(view);
  const ports = new Map(publishedPorts(view).map((port) => [portKey(port), port]));
  const problemOf = ({ nodeId, tables }: TableFollower): string | undefined => {
    const attached = view.get("nodes", nodeId)?.attachments ?? [];
    const unlikePort = comparison.unlike(tables.ports, ports);
    if (unlikePort !== undefined) return `port ${unlikePort}`;
    if (tables.networks.size !== attached.length) return "its networks";
    for (const { networkId, addresses } of attached) {
      const found = tables.networks.get(networkId);
      const expected = networks.get(networkId);
      if (!found || !expected) return `network ${networkId}`;
      const gateways = found.head.subnets.map(({ gateway }) => gateway);
      if (!deepEqual(gateways, addresses)) return `its gateways on ${networkId}`;
      const others = new Map([...expected.peers].filter(([id]) => id !== nodeId));
      const key =
        comparison.unlike(found.peers, others) ??
        comparison.unlike(found.endpoints, expected.endpoints) ??
        comparison.unlike(found.services, expected.services);
      if (key !== undefined) return `${key} on ${networkId}`;
    }
    return undefined;
  };
  for (const follower of followers) {
    const problem = problemOf(follower);
    if (problem !== undefined)
      return { violation: `${follower.nodeId}: ${problem}`, compared: comparison.compared };
  }
  return { violation: undefined, compared: comparison.compared };
};
