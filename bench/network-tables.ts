// What large tables cost a node: 1,000 services and 5,000 tasks on one network. Needs root.
import { diffKernel, emptyKernelState, planDataplane } from "@skein/agent";
import type { NetworkEndpoint, NetworkTables } from "@skein/model";
import { newLinuxDataplane } from "@skein/platform";
import { NetworkNamespace } from "../e2e/support/net/network-namespace.ts";
import type { Row } from "./table.ts";
import { milliseconds } from "./table.ts";

const SIZES = [100, 1_000, 2_000];
const TASKS_PER_SERVICE = 5;
const NODES = 50;
const ROUNDS = 30;
const facts = { nodeId: "node0", underlayMtu: 1500, ports: new Map() };

const address = (number: number): string => `10.0.${number >> 8}.${number & 255}`;
const vip = (number: number): string => `10.1.${number >> 8}.${number & 255}`;

/** One task of the first service is not active in every second round. */
const tablesOf = (services: number, round: number): NetworkTables => {
  const endpoints: NetworkEndpoint[] = [];
  for (let task = 0; task < services * TASKS_PER_SERVICE; task += 1)
    endpoints.push({
      id: `task${task}`,
      name: `task${task}`,
      nodeId: `node${task % NODES}`,
      addresses: [address(task + 256)],
      serviceId: `service${task % services}`,
      slot: 1,
      aliases: [],
      active: task > 0 || round % 2 === 0,
    });
  return {
    underlay: "192.0.2.1",
    dataPathPort: 4789,
    ports: [],
    networks: [
      {
        id: "benchnetwork0000",
        name: "bench",
        vni: 4100,
        subnets: [{ subnet: "10.0.0.0/8", gateway: "10.0.0.1" }],
        internal: false,
        ingress: false,
        encrypted: false,
        peers: Array.from({ length: NODES - 1 }, (_, index) => ({
          nodeId: `node${index + 1}`,
          underlay: `192.0.2.${index + 2}`,
          gateways: [address(index + 2)],
        })),
        endpoints,
        services: Array.from({ length: services }, (_, index) => ({
          id: `service${index}`,
          name: `service${index}`,
          aliases: [],
          vips: [vip(index)],
        })),
      },
    ],
  };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const timed = async (task: () => unknown): Promise<number> => {
  const start = performance.now();
  await task();
  return performance.now() - start;
};

const measure = async (services: number): Promise<readonly Row[]> => {
  const namespace = await NetworkNamespace.create("skdp-bench-tables");
  const dataplane = newLinuxDataplane({ enter: namespace.enter });
  try {
    await namespace.sh(
      "ip link add eth0 type dummy 2>/dev/null || ip addr add 192.0.2.1/32 dev lo",
    );
    const state = (round: number) => planDataplane(tablesOf(services, round), facts).state;
    const first = await timed(() => dataplane.apply(state(0)));
    const planned: number[] = [];
    const compared: number[] = [];
    const applied: number[] = [];
    const audited: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const tables = tablesOf(services, round);
      planned.push(await timed(() => planDataplane(tables, facts)));
      const [before, now] = [state(round - 1), state(round)];
      compared.push(await timed(() => diffKernel(before, now)));
      applied.push(await timed(() => dataplane.apply(now)));
    }
    for (let round = 0; round < 5; round += 1) audited.push(await timed(() => dataplane.audit()));
    const whole = await timed(() => diffKernel(emptyKernelState(), state(0)));
    const row = (what: string, value: number): Row => ({
      what: `${services} services, ${services * TASKS_PER_SERVICE} tasks: ${what}`,
      skein: milliseconds(value),
      peer: "",
    });
    return [
      row("first time, all of it", first),
      row("one task leaves or comes: all that is done", median(planned) + median(applied)),
      row("of which: plan", median(planned)),
      row("of which: compare", median(compared)),
      row("of which: kernel", median(applied) - median(compared)),
      row("compare with nothing", whole),
      row("audit", median(audited)),
    ];
  } finally {
    await dataplane.close();
    await namespace.remove();
  }
};

/** The suite. Figures of one machine; what matters is that a change does not grow with the tables. */
export const networkTables = async (): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const size of SIZES) rows.push(...(await measure(size)));
  return rows;
};
