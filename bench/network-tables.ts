// What large tables cost a node: 1,000 services and 5,000 tasks on one network. Needs root.
import { diffKernel, emptyKernelState, LiveTables, planDataplane, Planner } from "@skein/agent";
import type { NodeFacts } from "@skein/agent";
import type { NetworkEndpoint, NetworkNews, NetworkSnapshot } from "@skein/model";
import { newLinuxDataplane } from "@skein/platform";
import { NetworkNamespace } from "../e2e/support/net/network-namespace.ts";
import { median } from "./median.ts";
import { leaderRows } from "./network-news.ts";
import type { Row } from "./table.ts";
import { milliseconds } from "./table.ts";

const SIZES = [100, 1_000];
const TASKS_PER_SERVICE = 5;
const NODES = 50;
const ROUNDS = 100;
const facts: NodeFacts = { nodeId: "node0", underlayMtu: 1500, ports: new Map() };

const address = (number: number): string => `10.0.${number >> 8}.${number & 255}`;
const vip = (number: number): string => `10.1.${number >> 8}.${number & 255}`;

/** One task of service 0 in `round`: it is not active in every second one. */
const endpoint = (task: number, services: number, round = 0): NetworkEndpoint => ({
  id: `task${task}`,
  name: `task${task}`,
  nodeId: `node${task % NODES}`,
  addresses: [address(task + 256)],
  serviceId: `service${task % services}`,
  slot: 1,
  aliases: [],
  active: task > 0 || round % 2 === 0,
});

const snapshot = (services: number): NetworkSnapshot => ({
  id: "benchnetwork0000",
  version: 1,
  name: "bench",
  vni: 4100,
  subnets: ["10.0.0.0/8"],
  internal: false,
  ingress: false,
  encrypted: false,
  peers: Array.from({ length: NODES }, (_, index) => ({
    nodeId: `node${index}`,
    underlay: `192.0.2.${index + 1}`,
    gateways: [address(index + 1)],
  })),
  endpoints: Array.from({ length: services * TASKS_PER_SERVICE }, (_, task) =>
    endpoint(task, services),
  ),
  services: Array.from({ length: services }, (_, index) => ({
    id: `service${index}`,
    name: `service${index}`,
    aliases: [],
    vips: [vip(index)],
  })),
});

const first = (services: number): NetworkNews => ({
  type: "networks",
  kind: "full",
  version: 1,
  dataPath: { underlay: "192.0.2.1", port: 4789 },
  networks: [snapshot(services)],
  changes: [],
  removed: [],
  ports: [],
});

const change = (services: number, round: number): NetworkNews => ({
  type: "networks",
  kind: "delta",
  version: round + 1,
  networks: [],
  changes: [
    {
      id: "benchnetwork0000",
      base: round,
      version: round + 1,
      endpoints: { changed: [endpoint(0, services, round)], removed: [] },
    },
  ],
  removed: [],
});

const timed = async (task: () => unknown): Promise<number> => {
  const start = performance.now();
  await task();
  return performance.now() - start;
};

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** What it costs to plan from nothing and to compare all, as after a start. */
const whole = async (services: number): Promise<number> => {
  const { subnets, ...rest } = snapshot(services);
  const network = {
    ...rest,
    peers: rest.peers.slice(1),
    subnets: subnets.map((subnet) => ({ subnet, gateway: address(1) })),
  };
  const tables = { underlay: "192.0.2.1", dataPathPort: 4789, networks: [network], ports: [] };
  const { state } = planDataplane(tables, facts);
  const times: number[] = [];
  for (let round = 0; round < 9; round += 1)
    times.push(await timed(() => diffKernel(state, planDataplane(tables, facts).state)));
  return median(times);
};

const measure = async (services: number): Promise<readonly Row[]> => {
  const namespace = await NetworkNamespace.create("skdp-bench-tables");
  const dataplane = newLinuxDataplane({ enter: namespace.enter });
  const tables = new LiveTables(facts.nodeId);
  const planner = new Planner();
  const plan = (news: NetworkNews): void => {
    const touched = tables.apply(news);
    planner.update({ tables, usable: [...tables.networks.values()], facts }, touched);
  };
  try {
    await namespace.sh(
      "ip link add eth0 type dummy 2>/dev/null || ip addr add 192.0.2.1/32 dev lo",
    );
    const start = await timed(() => {
      plan(first(services));
      return dataplane.apply(planner.state, planner.take());
    });
    const planned: number[] = [];
    const applied: number[] = [];
    const before = cpuMs();
    for (let round = 1; round <= ROUNDS; round += 1) {
      planned.push(await timed(() => plan(change(services, round))));
      applied.push(await timed(() => dataplane.apply(planner.state, planner.take())));
    }
    const own = (cpuMs() - before) / ROUNDS;
    const audited: number[] = [];
    for (let round = 0; round < 5; round += 1) audited.push(await timed(() => dataplane.audit()));
    const fromNothing = await timed(() => diffKernel(emptyKernelState(), planner.state));
    const row = (what: string, value: number): Row => ({
      what: `node, ${services} services, ${services * TASKS_PER_SERVICE} tasks: ${what}`,
      skein: milliseconds(value),
      peer: "",
    });
    return [
      row("first time, all of it", start),
      row("one task's change, all that is done", median(planned) + median(applied)),
      row("of which: plan", median(planned)),
      row("own processor time, comparison and talk with the tools included", own),
      row("plan and compare the whole", await whole(services)),
      row("compare with nothing", fromNothing),
      row("audit", median(audited)),
    ];
  } finally {
    await dataplane.close();
    await namespace.remove();
  }
};

/** The suite. Figures of one machine; what matters is that a change does not grow with the tables. */
export const networkTables = async (): Promise<readonly Row[]> => {
  const rows: Row[] = [...(await leaderRows(SIZES))];
  for (const size of SIZES) rows.push(...(await measure(size)));
  return rows;
};
