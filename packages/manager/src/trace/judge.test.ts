// Goal: a way that is broken is said to be broken at the right hop.
// Method: the facts of a healthy way between two nodes, each time with one thing wrong.
import type { EndpointFacts, NetworkDifference, PathFacts } from "@skein/model";
import { expect, test } from "vitest";
import type { Side, TraceFacts } from "./facts.ts";
import { judgeTrace } from "./judge.ts";

const facts = (address: string, more: Partial<EndpointFacts> = {}): EndpointFacts => ({
  container: { phase: "running" },
  addresses: ["127.0.0.1", address],
  bridged: true,
  listeners: [{ protocol: "tcp", port: 8080, address: "*", program: "", pid: 0 }],
  knowsNetwork: true,
  differences: [],
  warnings: [],
  ...more,
});

const side = (node: string, address: string, more: Partial<EndpointFacts> = {}): Side => ({
  endpoint: {
    id: node,
    name: `web.1.${node}`,
    nodeId: node,
    addresses: [address],
    serviceId: "web",
    slot: 1,
    aliases: [],
    active: true,
  },
  node,
  address,
  found: { facts: facts(address, more) },
});

const healthy: PathFacts = {
  resolved: ["10.0.1.2"],
  reached: { "10.0.1.2": "open", "10.0.1.7": "open" },
  backends: { "10.0.1.2": ["10.0.1.7", "10.0.1.8"] },
  peers: { "10.0.1.254": "open", "192.0.2.2": "refused" },
};

const silent: Partial<PathFacts> = {
  reached: { "10.0.1.2": "silent", "10.0.1.7": "silent" },
  peers: { "10.0.1.254": "silent", "192.0.2.2": "refused" },
};

interface Change {
  readonly source?: Partial<EndpointFacts>;
  readonly destination?: Partial<EndpointFacts>;
  readonly path?: Partial<PathFacts>;
  readonly facts?: Partial<TraceFacts>;
}

const judged = (change: Change = {}) =>
  judgeTrace({
    network: "back",
    source: side("n1", "10.0.1.6", change.source),
    destination: side("n2", "10.0.1.7", change.destination),
    name: "web",
    expected: ["10.0.1.2"],
    vips: ["10.0.1.2"],
    active: ["10.0.1.7", "10.0.1.8"],
    path: { facts: { ...healthy, ...change.path } },
    peer: { gateway: "10.0.1.254", underlay: "192.0.2.2" },
    port: 8080,
    protocol: "tcp",
    ...change.facts,
  });

/** The first hop that is broken. */
const brokenAt = (change: Change): string | undefined => {
  const { Hops, Reached } = judged(change);
  expect(Reached).toBe(false);
  const hop = Hops.find(({ Status }) => Status === "broken");
  expect(hop?.Advice).not.toBe("");
  return hop && `${hop.Name} on ${hop.Node}`;
};

const difference = (kind: string): { readonly differences: readonly NetworkDifference[] } => ({
  differences: [{ kind, what: "x", how: "missing" }],
});

test("a healthy way is ok at every hop", () => {
  const { Reached, Hops } = judged();
  expect(Reached).toBe(true);
  expect(Hops.filter(({ Status }) => Status !== "ok")).toEqual([]);
  expect(Hops.map(({ Name }) => Name)).toEqual([
    "network",
    "source container",
    "source bridge",
    "name",
    "virtual address",
    "forwarding",
    "tunnel",
    "underlay",
    "destination container",
    "destination bridge",
    "listening",
    "connection",
  ]);
});

test("containers on one node have no tunnel between them; nor has a task a virtual address", () => {
  const { peer: _, ...local } = {
    peer: undefined,
    network: "back",
    source: side("n1", "10.0.1.6"),
    destination: side("n1", "10.0.1.7"),
    name: "web.1.n1",
    expected: ["10.0.1.7"],
    vips: [],
    active: ["10.0.1.7"],
    path: { facts: { ...healthy, resolved: ["10.0.1.7"] } },
    port: 0,
    protocol: "tcp",
  } as const;
  const { Hops, Reached } = judgeTrace(local);
  expect(Reached).toBe(true);
  expect(Hops.map(({ Name }) => Name)).toEqual([
    "network",
    "source container",
    "source bridge",
    "name",
    "destination container",
    "destination bridge",
    "connection",
  ]);
});

test("the hop at which it breaks", () => {
  const at = (change: Change): string | undefined =>
    brokenAt({ ...change, path: { ...silent, ...change.path } });
  expect(at({ source: { container: { phase: "exited" } } })).toBe("source container on n1");
  expect(at({ source: difference("bridges") })).toBe("source bridge on n1");
  const { resolved: _, ...unnamed } = { ...healthy, ...silent, unresolved: "ENOTFOUND" };
  expect(brokenAt({ facts: { path: { facts: unnamed } } })).toBe("name on n1");
  expect(at({ path: { resolved: ["10.0.9.9"] } })).toBe("name on n1");
  expect(at({ source: difference("tables") })).toBe("virtual address on n1");
  expect(at({ path: { backends: {} } })).toBe("virtual address on n1");
  expect(at({ path: { backends: { "10.0.1.2": ["10.0.1.8"] } } })).toBe("virtual address on n1");
  expect(at({ source: difference("forwarding") })).toBe("forwarding on n1");
  expect(at({ source: difference("neighbours") })).toBe("forwarding on n1");
  expect(at({ destination: difference("vxlans") })).toBe("tunnel on n2");
  expect(at({ source: difference("associations") })).toBe("tunnel on n1");
  expect(at({})).toBe("underlay on n1");
});

test("an underlay that is reached but for VXLAN is told from one that is not reached", () => {
  const detail = (path: Partial<PathFacts>): string =>
    judged({ path }).Hops.find(({ Name }) => Name === "underlay")?.Detail ?? "";
  expect(detail(silent)).toBe("n2 (192.0.2.2) is reached, but not through VXLAN");
  expect(detail({ ...silent, peers: {} })).toBe("n2 (192.0.2.2) is not reached at all");
});

test("the destination's end", () => {
  const silentTask: Partial<PathFacts> = {
    reached: { "10.0.1.2": "silent", "10.0.1.7": "silent" },
  };
  const at = (destination: Partial<EndpointFacts>): string | undefined =>
    brokenAt({ destination, path: silentTask });
  expect(at({ addresses: [] })).toBe("destination container on n2");
  expect(at({ container: { phase: "running", health: "unhealthy" } })).toBe(
    "destination container on n2",
  );
  expect(at({ bridged: false })).toBe("destination bridge on n2");
  expect(at({ knowsNetwork: false })).toBe("destination bridge on n2");
  expect(at({ listeners: [] })).toBe("listening on n2");
  expect(
    at({ listeners: [{ protocol: "tcp", port: 8080, address: "127.0.0.1", program: "", pid: 0 }] }),
  ).toBe("listening on n2");
  // Nothing explains it but a warning: the attempt itself is where it breaks.
  expect(at({ warnings: ["ufw drops"] })).toBe("connection on n1");
});

test("a container that ended: the way to its node is not judged", () => {
  const change: Change = { destination: { container: { phase: "exited" } }, path: silent };
  expect(brokenAt(change)).toBe("destination container on n2");
  expect(judged(change).Hops.find(({ Name }) => Name === "underlay")?.Status).toBe("skipped");
});

test("a node that does not answer is a hop by itself", () => {
  const change = {
    facts: { destination: { ...side("n2", "10.0.1.7"), found: { failure: "late" } } },
  };
  expect(brokenAt({ ...change, path: silent })).toBe("destination node on n2");
  expect(brokenAt({ ...change, path: { reached: {} } })).toBe("destination node on n2");
});
