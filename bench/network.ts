// What networks, VIPs and the mesh cost, between two hosts that are network namespaces of this machine.
// Needs root, iperf3 and wrk; docker-proxy (docker.io) for that path. Processor time (client, server, what is
// between, with what the kernel does in their name) is what can be compared: all paths share the same
// processors, with whatever else the machine does.
import { Lab } from "../e2e/support/net/lab.ts";
import { median } from "./median.ts";
import { BARE, openPaths } from "./network-lab.ts";
import type { Path, Sample } from "./network-measures.ts";
import { requests, stream } from "./network-measures.ts";
import { grid } from "./table.ts";

const ROUNDS = 3;

/** Of each kind of measurement. */
const UNITS = [
  { rate: "Gbit/s", cpu: "CPU s/GB", digits: 2 },
  { rate: "requests/s", cpu: "CPU us", digits: 0 },
  { rate: "connections/s", cpu: "CPU us", digits: 0 },
] as const;

/** A path's samples: streams, requests, new connections. */
type Samples = readonly [Sample[], Sample[], Sample[]];

const measure = async (path: Path, [streams, kept, fresh]: Samples): Promise<void> => {
  streams.push(await stream(path));
  kept.push(await requests(path, false));
  fresh.push(await requests(path, true));
};

const of = (samples: readonly Sample[] | undefined, field: keyof Sample): number =>
  median((samples ?? []).map((one) => one[field]));

const cellsOf = (samples: Samples, bare: Samples | undefined): readonly string[] => {
  const cells = UNITS.flatMap(({ digits }, kind) =>
    (["rate", "cpu"] as const).map((field) => {
      const value = of(samples[kind], field);
      const share = Math.round((100 * value) / of(bare?.[kind], field));
      return `${value.toFixed(field === "cpu" && digits === 0 ? 1 : digits)} (${share} %)`;
    }),
  );
  return [...cells, of(samples.flat(), "load").toFixed(1)];
};

/** The suite: medians of interleaved rounds, as one table; in brackets, compared with bare VXLAN. */
export const network = async (): Promise<string> => {
  const lab = new Lab("bench");
  try {
    const { paths, leftOut } = await openPaths(lab);
    for (const { client } of paths)
      await client.sh("sysctl -qw net.ipv4.ip_local_port_range='10000 65000'");
    const samples = new Map<Path, Samples>(paths.map((path) => [path, [[], [], []]]));
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [path, found] of samples) await measure(path, found);
    const bare = [...samples].find(([{ what }]) => what === BARE)?.[1];
    const head = ["path", ...UNITS.flatMap(({ rate, cpu }) => [rate, cpu]), "load"];
    const rows = [...samples].map(([{ what }, found]) => [what, ...cellsOf(found, bare)]);
    const remarks = leftOut.map((one) => `\nLeft out: ${one}`);
    return [grid(head, rows), ...remarks].join("\n");
  } finally {
    await lab.close();
  }
};
