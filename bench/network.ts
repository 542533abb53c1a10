// What networks, VIPs and the mesh cost, between two hosts that are network namespaces of this machine.
// Needs root, iperf3 and wrk. Processor time (client and server, with what the kernel does in their name) is
// what can be compared: all paths share the same processors, with whatever else the machine does.
import { readFileSync } from "node:fs";
import { Lab } from "../e2e/support/net/lab.ts";
import type { LabNetwork } from "../e2e/support/net/lab.ts";
import { NetworkNamespace } from "../e2e/support/net/network-namespace.ts";
import type { Row } from "./table.ts";

const ROUNDS = 3;
const SECONDS = 3;

const ingress: LabNetwork = {
  id: "ingress0000",
  name: "ingress",
  vni: 4096,
  base: "10.0.0",
  base6: "fd00",
  ingress: true,
};
const blue: LabNetwork = {
  id: "blue0000000",
  name: "blue",
  vni: 4105,
  base: "10.0.5",
  base6: "fd05",
};

/** From where to where; the server is on host 2. */
interface Path {
  readonly what: string;
  readonly client: NetworkNamespace;
  readonly address: string;
  readonly ports: Ports;
  /** Process id of the HTTP server. */
  readonly server: number;
}

interface Ports {
  readonly iperf: number;
  readonly http: number;
}

const PORTS: Ports = { iperf: 5201, http: 8000 };
/** Of servers on the host itself, whose other ports lead to the task. */
const HOST_PORTS: Ports = { iperf: 5301, http: 8100 };

/** iperf3 and an HTTP server. Resolves to the latter's process id. */
const serve = async (namespace: NetworkNamespace, ports: Ports): Promise<number> => {
  namespace.spawn("iperf3", ["-s", "-p", String(ports.iperf)]);
  const script = `require("node:http").createServer((_, answer) => answer.end("hello")).listen(${ports.http}, "0.0.0.0", 4096, () => console.log("ready"))`;
  // Ports that rest after a connection would run out within a round.
  await namespace.sh("sysctl -qw net.ipv4.tcp_max_tw_buckets=0");
  const http = namespace.spawn(process.execPath, ["-e", script]);
  await new Promise((resolve) => {
    http.stdout.once("data", resolve);
  });
  return http.pid ?? 0;
};

/** Two namespaces joined by nothing but bridges and VXLAN: what any overlay must pay for. */
const bareVxlan = async (lab: Lab): Promise<readonly NetworkNamespace[]> => {
  const ends: NetworkNamespace[] = [];
  for (const [at, peer] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const { namespace } = lab.host(at);
    const end = await NetworkNamespace.create(`skdp-bench-bare${at}`);
    await namespace.sh(
      `ip link add bare type bridge mcast_snooping 0; ip link set bare up
       ip link add barex mtu 1450 type vxlan id 77 dstport 4799 local 10.97.0.${at}
       ip link set barex master bare up
       bridge fdb append 00:00:00:00:00:00 dev barex dst 10.97.0.${peer}
       ip link add bvf mtu 1450 type veth peer name eth0 mtu 1450 netns ${end.name}
       ip link set bvf master bare up`,
    );
    await end.sh(`ip addr add 10.9.9.${at}/24 dev eth0; ip link set eth0 up`);
    ends.push(end);
  }
  return ends;
};

/** One measurement: how much in a second, and the processor time that each unit took. */
interface Sample {
  readonly rate: number;
  readonly cpu: number;
}

/** Processor time of a process, or of its ended children, in seconds. */
const cpuOf = (stat: string, ofChildren = false): number => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = ofChildren ? [fields[13], fields[14]] : [fields[11], fields[12]];
  return (Number(user) + Number(system)) / 100;
};

/** Gbit/s, and seconds for each gigabyte. */
const stream = async ({ client, address, ports }: Path): Promise<Sample> => {
  const text = await client.sh(`iperf3 -J -c ${address} -p ${ports.iperf} -t ${SECONDS}`);
  const { end } = JSON.parse(text) as {
    readonly end: {
      readonly sum_received: { readonly bits_per_second: number; readonly bytes: number };
      readonly cpu_utilization_percent: {
        readonly host_total: number;
        readonly remote_total: number;
      };
    };
  };
  const { host_total: here, remote_total: there } = end.cpu_utilization_percent;
  return {
    rate: end.sum_received.bits_per_second / 1e9,
    cpu: (((here + there) / 100) * SECONDS) / (end.sum_received.bytes / 1e9),
  };
};

/** Requests a second, and microseconds for each. */
const requests = async (path: Path, isNew: boolean): Promise<Sample> => {
  const { client, address, ports, server } = path;
  const close = isNew ? "-H 'Connection: close'" : "";
  const before = cpuOf(readFileSync(`/proc/${server}/stat`, "utf8"));
  const text = await client.sh(
    `wrk -t1 -c16 -d${SECONDS}s ${close} http://${address}:${ports.http}/; cat /proc/$$/stat`,
  );
  const after = cpuOf(readFileSync(`/proc/${server}/stat`, "utf8"));
  const count = Number(/(\d+) requests in/.exec(text)?.[1]);
  const used = after - before + cpuOf(text.trim().split("\n").at(-1) ?? "", true);
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]), cpu: (used / count) * 1e6 };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

interface Units {
  readonly rate: string;
  readonly cpu: string;
  readonly digits: number;
}

const STREAM: Units = { rate: "Gbit/s", cpu: "CPU s/GB", digits: 2 };
const REQUEST: Units = { rate: "/s", cpu: "CPU us", digits: 0 };

interface Figures {
  readonly streams: Sample[];
  readonly requests: Sample[];
  readonly connections: Sample[];
}

const pathsOf = (
  lab: Lab,
  near: NetworkNamespace,
  servers: { readonly host: number; readonly bare: number; readonly task: number },
): readonly Path[] => {
  const { namespace: client } = lab.task("client");
  const { namespace: host, address } = lab.host(1);
  const underlay = lab.host(2).address;
  const onHost = { client: host, address: underlay, ports: HOST_PORTS, server: servers.host };
  const task = { client, ports: PORTS, server: servers.task };
  return [
    { ...onHost, what: "host to host (underlay)" },
    { ...task, what: "bare VXLAN", client: near, address: "10.9.9.2", server: servers.bare },
    { ...task, what: "overlay, task to task", address: "10.0.5.31" },
    { ...task, what: "overlay, by VIP", address: "10.0.5.100" },
    { ...task, what: "mesh, by a node to a task of another", client: host, address },
  ];
};

const describe = (samples: readonly Sample[], whole: readonly Sample[], units: Units): string => {
  const rate = median(samples.map((one) => one.rate)).toFixed(units.digits);
  const cpu = median(samples.map((one) => one.cpu));
  const share = Math.round((100 * cpu) / median(whole.map((one) => one.cpu)));
  return `${rate} ${units.rate}, ${cpu.toFixed(units.digits)} ${units.cpu} (${share} %)`;
};

const rowsOf = (paths: readonly Path[], figures: ReadonlyMap<string, Figures>): readonly Row[] => {
  const base = figures.get("bare VXLAN");
  return paths.flatMap(({ what }) => {
    const one = figures.get(what);
    if (!one || !base) return [];
    const row = (kind: string, skein: string): Row => ({
      what: `${what}: ${kind}`,
      skein,
      peer: "",
    });
    return [
      row("stream", describe(one.streams, base.streams, STREAM)),
      row("requests", describe(one.requests, base.requests, REQUEST)),
      row("connections", describe(one.connections, base.connections, REQUEST)),
    ];
  });
};

/** The suite: medians of interleaved rounds; in brackets, processor time compared with bare VXLAN. */
export const network = async (): Promise<readonly Row[]> => {
  const lab = new Lab("bench");
  const bare: NetworkNamespace[] = [];
  try {
    await lab.open(2);
    lab.networks.push(ingress, blue);
    lab.services.push({ id: "web", networkId: blue.id, vip: 100 });
    for (const port of Object.values(PORTS))
      lab.published.push({
        protocol: "tcp",
        port,
        targetPort: port,
        serviceId: "web",
        localOnly: false,
        clientAffinity: false,
        addresses: [],
      });
    await lab.apply();
    const { namespace } = await lab.start("web", 2, 31, {
      networks: [ingress, blue],
      serviceId: "web",
    });
    await lab.start("client", 1, 51, { networks: [blue] });
    await lab.apply();
    bare.push(...(await bareVxlan(lab)));
    const near = bare.at(0);
    const far = bare.at(1);
    if (!near || !far) throw new Error("no ends");
    const paths = pathsOf(lab, near, {
      host: await serve(lab.host(2).namespace, HOST_PORTS),
      bare: await serve(far, PORTS),
      task: await serve(namespace, PORTS),
    });
    for (const { client } of paths)
      await client.sh("sysctl -qw net.ipv4.ip_local_port_range='1024 65000'");
    const figures = new Map<string, Figures>(
      paths.map(({ what }) => [what, { streams: [], requests: [], connections: [] }]),
    );
    for (let round = 0; round < ROUNDS; round += 1)
      for (const path of paths) {
        const one = figures.get(path.what);
        one?.streams.push(await stream(path));
        one?.requests.push(await requests(path, false));
        one?.connections.push(await requests(path, true));
      }
    return rowsOf(paths, figures);
  } finally {
    for (const end of bare) await end.remove();
    await lab.close();
  }
};
