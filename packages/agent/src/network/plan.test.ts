import { expect, test } from "vitest";
import type { NetworkTable, PublishedPort } from "@skein/model";
import type { KernelState, TableFamily } from "./kernel-state.ts";
import { planDataplane } from "./plan.ts";
import {
  anEndpoint,
  anIngress,
  aNetwork,
  aPort,
  aService,
  node1,
  theTables,
} from "./testing/tables.ts";

const plan = (networks: readonly NetworkTable[], ports: readonly PublishedPort[] = []) =>
  planDataplane(theTables(networks, ports), node1).state;

const elements = (state: KernelState, set: string, family: TableFamily = "ip"): object =>
  Object.fromEntries(state.tables.get(family)?.sets.get(set)?.elements ?? []);

const rules = (state: KernelState, chain: string): readonly string[] =>
  state.tables
    .get("ip")
    ?.chains.get(chain)
    ?.rules.map(({ text }) => text) ?? [];

test("a node without networks has nothing", () => {
  const { tables, bridges, filters, sysctls } = plan([]);
  expect([tables.size, bridges.size, filters.size, sysctls.size]).toEqual([0, 0, 0, 0]);
});

test("a network is a bridge with this node's gateway, and a VXLAN port", () => {
  const state = plan([aNetwork()]);
  expect(Object.fromEntries(state.bridges)).toEqual({
    "sk-bluenetwor": {
      mac: "02:42:0a:00:05:01",
      mtu: 1450,
      up: true,
      multicastSnooping: false,
      filtersIp: true,
      filtersIp6: false,
    },
  });
  expect(Object.fromEntries(state.vxlans)).toEqual({
    "skx-bluenetwor": {
      vni: 4105,
      port: 4789,
      local: "192.0.2.1",
      learning: false,
      bridge: "sk-bluenetwor",
      mtu: 1450,
      up: true,
      suppressesNeighbours: true,
    },
  });
  expect([...state.addresses.keys()]).toEqual(["sk-bluenetwor 10.0.5.1/24"]);
  for (const name of [...state.bridges.keys(), ...state.vxlans.keys()])
    expect(name.length).toBeLessThanOrEqual(15);
});

test.each([
  { asked: undefined, underlay: "192.0.2.1", mtu: 1450 },
  { asked: undefined, underlay: "2001:db8::1", mtu: 1430 },
  { asked: 1300, underlay: "192.0.2.1", mtu: 1300 },
])("MTU $mtu over $underlay", ({ asked, underlay, mtu }) => {
  const network = aNetwork(asked === undefined ? {} : { mtu: asked });
  const { state } = planDataplane({ ...theTables([network]), underlay }, node1);
  expect([...state.bridges.values()].map((bridge) => bridge.mtu)).toEqual([mtu]);
  expect([...state.vxlans.values()].map((vxlan) => vxlan.mtu)).toEqual([mtu]);
});

test("what lies behind other nodes is known, and what is here is not sent away", () => {
  const state = plan([
    aNetwork({
      endpoints: [
        anEndpoint("here", ["10.0.5.31"]),
        anEndpoint("there", ["10.0.5.32"], { nodeId: "node2", active: false }),
        anEndpoint("nowhere", ["10.0.5.33"], { nodeId: "node9" }),
      ],
    }),
  ]);
  expect([...state.flood.keys()]).toEqual(["skx-bluenetwor 192.0.2.2"]);
  expect([...state.forwarding.values()].map(({ mac, destination }) => [mac, destination])).toEqual([
    ["02:42:0a:00:05:02", "192.0.2.2"],
    ["02:42:0a:00:05:20", "192.0.2.2"],
  ]);
  expect([...state.neighbours.values()].map(({ address, mac }) => [address, mac])).toEqual([
    ["10.0.5.2", "02:42:0a:00:05:02"],
    ["10.0.5.32", "02:42:0a:00:05:20"],
    ["10.0.5.33", "02:42:0a:00:05:21"],
  ]);
  expect(elements(state, "own")).toEqual({ "10.0.5.31 . 10.0.5.31": "" });
});

test("a VIP leads to the active tasks of its service, by a chain that services share", () => {
  const tasks = ["c", "a", "b"].map((id, index) =>
    anEndpoint(id, [`10.0.5.3${index}`], { serviceId: "web" }),
  );
  const state = plan([
    aNetwork({
      services: [aService("web", ["10.0.5.100"]), aService("idle", ["10.0.5.101"])],
      endpoints: [
        ...tasks,
        anEndpoint("d", ["10.0.5.33"], { serviceId: "web", active: false }),
        anEndpoint("box", ["10.0.5.34"]),
      ],
    }),
  ]);
  expect(elements(state, "vips")).toEqual({ '"sk-bluenetwor" . 10.0.5.100': "goto vip_3" });
  expect(elements(state, "backends")).toEqual({
    "10.0.5.100 . 0": "10.0.5.31",
    "10.0.5.100 . 1": "10.0.5.32",
    "10.0.5.100 . 2": "10.0.5.30",
  });
  expect(rules(state, "vip_3")).toEqual([
    "dnat to ip daddr . numgen random mod 3 map @backends",
    "dnat to ip daddr . numgen random mod 1 map @backends",
  ]);
  // A VIP without tasks is there too: it refuses.
  const both = { "10.0.5.100": "", "10.0.5.101": "" };
  expect(elements(state, "vip_addresses")).toEqual(both);
  expect(elements(state, "vip_addresses", "bridge")).toEqual(both);
  expect([...state.vips.keys()]).toEqual(["sk-bluenetwor 10.0.5.100", "sk-bluenetwor 10.0.5.101"]);
});

test("IPv6 has a table of its own, and frames that pass it", () => {
  const state = plan([
    aNetwork({
      subnets: [
        { subnet: "10.0.5.0/24", gateway: "10.0.5.1" },
        { subnet: "fd00:5:0:0::/64", gateway: "fd00:5:0:0:0::1" },
      ],
      peers: [{ nodeId: "node2", underlay: "192.0.2.2", gateways: ["10.0.5.2", "fd00:5::2"] }],
      services: [aService("web", ["10.0.5.100", "fd00:5:0::100"])],
      endpoints: [anEndpoint("a", ["10.0.5.31", "fd00:5:0::31"], { serviceId: "web" })],
    }),
  ]);
  expect([...state.bridges.values()].map(({ filtersIp6 }) => filtersIp6)).toEqual([true]);
  expect([...state.addresses.keys()]).toContain("sk-bluenetwor fd00:5::1/64");
  expect(elements(state, "vips", "ip6")).toEqual({ '"sk-bluenetwor" . fd00:5::100': "goto vip_1" });
  expect(elements(state, "backends", "ip6")).toEqual({ "fd00:5::100 . 0": "fd00:5::31" });
  expect(elements(state, "egress", "ip6")).toEqual({ "fd00:5::/64": "" });
  expect(elements(state, "vip_addresses6", "bridge")).toEqual({
    "0xfd000005000000000000000000000100": "",
  });
  // One hardware address for both.
  expect([...state.neighbours.values()].map(({ mac }) => mac)).toEqual([
    "02:42:0a:00:05:02",
    "02:42:0a:00:05:02",
  ]);
  expect(state.sysctls.get("net/ipv6/conf/all/forwarding")).toBe("1");
});

test("internal networks have no way out", () => {
  const state = plan([aNetwork({ internal: true })]);
  expect(elements(state, "internal")).toEqual({ '"sk-bluenetwor"': "" });
  expect(elements(state, "egress")).toEqual({});
});

const webOn = (...nodes: readonly number[]) =>
  nodes.map((node) =>
    anEndpoint(`t${node}`, [`10.0.0.3${node}`], { serviceId: "web", nodeId: `node${node}` }),
  );

test("a published port leads to the tasks' addresses on the ingress network", () => {
  const state = plan([anIngress({ endpoints: webOn(1, 2) })], [aPort()]);
  expect(elements(state, "ports")).toEqual({ "tcp . 8080": "goto port_2" });
  expect(elements(state, "port_backends")).toEqual({
    "tcp . 8080 . 0": "10.0.0.31",
    "tcp . 8080 . 1": "10.0.0.32",
  });
  expect(elements(state, "target_ports")).toEqual({ "tcp . 8080": "80" });
  expect(state.sysctls.get("net/ipv4/conf/sk-ingress000/route_localnet")).toBe("1");
});

test("a port whose service has no task is not answered", () => {
  const state = plan([anIngress()], [aPort()]);
  expect(elements(state, "ports")).toEqual({});
});

test("local only: none but this node's tasks", () => {
  const state = plan([anIngress({ endpoints: webOn(1, 2) })], [aPort({ localOnly: true })]);
  expect(elements(state, "port_backends")).toEqual({ "tcp . 8080 . 0": "10.0.0.31" });
  const none = plan([anIngress({ endpoints: webOn(2) })], [aPort({ localOnly: true })]);
  expect(elements(none, "ports")).toEqual({});
});

test("chosen addresses", () => {
  const port = aPort({ addresses: ["192.0.2.1", "2001:db8:0::1"] });
  const state = plan([anIngress({ endpoints: webOn(1) })], [port]);
  expect(elements(state, "ports")).toEqual({});
  expect(elements(state, "ports_at")).toEqual({ "192.0.2.1 . tcp . 8080": "goto port_1" });
});

test("a client that shares a network with a task is told apart", () => {
  const ingress = anIngress({ endpoints: webOn(1, 2) });
  const blue = aNetwork({
    endpoints: [anEndpoint("t2", ["10.0.5.32"], { serviceId: "web", nodeId: "node2" })],
  });
  const state = plan([ingress, blue], [aPort()]);
  expect(elements(state, "shared")).toEqual({ "10.0.5.0/24 . 10.0.0.32": "" });
});

test("each node has a zone that stays when others come and go", () => {
  const peer = (node: number) => ({
    nodeId: `node${node}`,
    underlay: `192.0.2.${node}`,
    gateways: [`10.0.0.${node}`],
  });
  const few = elements(plan([anIngress({ peers: [peer(7), peer(9)] })]), "zones");
  const many = elements(plan([anIngress({ peers: [2, 9, 5, 7].map(peer) })]), "zones");
  expect(few).toEqual({ "02:42:0a:00:00:07": "7", "02:42:0a:00:00:09": "9" });
  expect(many).toMatchObject(few);
});

test("no two nodes have one zone, in large subnets neither", () => {
  const state = plan([
    anIngress({
      subnets: [{ subnet: "10.0.0.0/8", gateway: "10.0.0.1" }],
      peers: ["10.0.0.7", "10.1.0.7", "10.2.0.0"].map((gateway, index) => ({
        nodeId: `node${index + 2}`,
        underlay: `192.0.2.${index + 2}`,
        gateways: [gateway],
      })),
    }),
  ]);
  const zones = Object.values(elements(state, "zones"));
  expect(new Set(zones).size).toBe(3);
  expect(zones).not.toContain("0");
});

test("an encrypted network without keys is refused, and nothing of it is made", () => {
  const { state, problems } = planDataplane(theTables([aNetwork({ encrypted: true })]), node1);
  expect(problems.map(({ networkId }) => networkId)).toEqual([aNetwork().id]);
  expect(state.vxlans.size + state.bridges.size + state.tables.size).toBe(0);
});

test("containers' ends belong in bridges that are wanted", () => {
  const ports = new Map([
    ["veth1", { bridge: "sk-bluenetwor", hairpin: false }],
    ["veth2", { bridge: "sk-gone", hairpin: true }],
  ]);
  const { state } = planDataplane(theTables([aNetwork()]), { ...node1, ports });
  expect(Object.fromEntries(state.ports)).toEqual({
    veth1: { bridge: "sk-bluenetwor", hairpin: true },
  });
});

test("SCTP is led like TCP and UDP: the same maps, and a choice that knows its ports", () => {
  const tasks = [2, 3].map((last) =>
    anEndpoint(`t${last}`, [`10.0.0.${last}`], { serviceId: "web" }),
  );
  const state = plan(
    [anIngress({ endpoints: tasks })],
    [aPort({ protocol: "sctp", port: 9000, targetPort: 90 })],
  );
  expect(elements(state, "ports")).toEqual({ "sctp . 9000": "goto port_2" });
  expect(elements(state, "target_ports")).toEqual({ "sctp . 9000": "90" });
  expect(elements(state, "port_backends")).toEqual({
    "sctp . 9000 . 0": "10.0.0.2",
    "sctp . 9000 . 1": "10.0.0.3",
  });
  for (const rule of rules(state, "port_2"))
    expect(rule).toContain("meta l4proto { tcp, udp, sctp }");
});
