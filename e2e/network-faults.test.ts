/** What fails beside a service does not reach it: 10,000 connections by its VIP and 10,000 by the mesh, none lost. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import type { TaskRow } from "./support/docker.ts";
import { untilAnswer } from "./support/http.ts";
import { insideOf } from "./support/inside.ts";
import { withPlayground } from "./support/playground.ts";
import { run } from "./support/run.ts";
import { createService, untilRunning, updateService } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("nfaults");
const PORT = 18_084;
const UDP_PORT = 8053;
const CONNECTIONS = 10_000;
const NET = `${import.meta.dirname}/support/net`;
/** An entry of the table of connections that lasts so long outlives a pause of 15 minutes. */
const PAUSE_SECONDS = 15 * 60;
/** For a daemon that starts, or a node that is missed, on a machine that has much else to do. */
const PATIENCE_MS = 90_000;

/** When it is asked to end, it first finishes what it has begun, which takes its time on a busy machine. */
const SERVE = [
  'trap "sleep 3; exit 0" TERM',
  'echo "hello from $(hostname), version $VERSION" >/www/index.html',
  "httpd -f -p 8080 -h /www & wait",
].join("; ");

interface Result {
  readonly asked: number;
  /** How many answers each task gave. */
  readonly answers: Readonly<Record<string, number>>;
  /** Of how many the client's address was compared. */
  readonly checked: number;
  readonly failed: Readonly<Record<string, number>>;
}

/** A client that asks until it is told to stop. */
class Load {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #output: Promise<string>;
  /** How many connections it has made, more or less. */
  asked = 0;

  constructor(enter: readonly string[], host: string, port: number) {
    const args = [...enter, process.execPath, `${NET}/http-load.mjs`, host, String(port)];
    this.#child = spawn("env", args);
    this.#output = text(this.#child.stdout);
    this.#child.stderr.on("data", (data) => {
      this.asked = Number(String(data).trim().split("\n").at(-1));
    });
  }

  async stop(): Promise<Result> {
    this.#child.stdin.end();
    return JSON.parse(await this.#output) as Result;
  }

  kill(): void {
    this.#child.kill();
  }
}

const loads: Load[] = [];
const servers = new Map<string, ChildProcessWithoutNullStreams>();
afterAll(() => {
  for (const child of [...loads, ...servers.values()]) child.kill();
});

const start = (enter: readonly string[], host: string, port: number): Load => {
  const load = new Load(enter, host, port);
  loads.push(load);
  return load;
};

const vipOf = async (service: string): Promise<string> => {
  const docker = cluster.docker();
  const id = await docker("network", "inspect", "--format", "{{.Id}}", "back");
  const format = "{{range .Endpoint.VirtualIPs}}{{.NetworkID}}={{.Addr}} {{end}}";
  const vips = await docker("service", "inspect", "--format", format, service);
  const own = vips.split(" ").find((one) => one.startsWith(`${id}=`)) ?? "";
  return own.split("=")[1]?.split("/")[0] ?? "";
};

const untilNode = async (name: string, status: string): Promise<void> => {
  const { hostname } = await cluster.host(name);
  await until(
    `${name} is ${status}`,
    async () => {
      const found = await cluster.docker().nodes();
      return found.find(({ Hostname }) => Hostname === hostname)?.Status ?? "";
    },
    (found) => found === status,
    PATIENCE_MS,
  );
};

/** The next fault waits until the one before is mended. */
const untilSound = async (name: string): Promise<void> => {
  await untilNode(name, "Ready");
  await untilRunning(cluster.docker(), "web", 2, PATIENCE_MS);
};

const killDaemons = async (): Promise<void> => {
  for (const name of ["worker1", "worker2", "manager1"]) {
    await cluster.command("kill", name, "--daemon");
    await cluster.command("restart", name, "--daemon");
    await untilSound(name);
  }
};

const cutOff = async (name: string): Promise<void> => {
  await cluster.command("cut", name);
  await untilNode(name, "Down");
  await cluster.command("heal", name);
  await untilSound(name);
};

const restartEngine = async (name: string): Promise<void> => {
  await cluster.command("restart", name, "--engine");
  await untilSound(name);
};

/** To another version, and onto any two of the three nodes. */
const rollOut = async (): Promise<void> => {
  const { hostname } = await cluster.host("worker2");
  const anywhere = ["--constraint-rm", `node.hostname!=${hostname}`];
  const apart = ["--replicas-max-per-node", "1"];
  await updateService(cluster.docker(), "web", ["--image", "demo:2", ...anywhere, ...apart]);
  await until(
    "the update is completed",
    () => cluster.docker()("service", "inspect", "--format", "{{.UpdateStatus.State}}", "web"),
    (found) => found === "completed",
    PATIENCE_MS,
  );
};

const drain = async (node: string): Promise<readonly TaskRow[]> => {
  const docker = cluster.docker();
  await docker("node", "update", "--availability", "drain", node);
  const tasks = await until(
    "its task runs elsewhere",
    () => docker.running("web"),
    (found) => found.length === 2 && found.every(({ Node }) => Node !== node),
    PATIENCE_MS,
  );
  await docker("node", "update", "--availability", "active", node);
  return tasks;
};

/** The image has no server for UDP: one of this machine answers in the tasks' networks. */
const serveUdp = async (tasks: readonly TaskRow[]): Promise<void> => {
  for (const task of tasks) {
    if (servers.has(task.ID)) continue;
    const command = [process.execPath, `${NET}/server.mjs`, task.ID, String(UDP_PORT)];
    const server = spawn("env", [...(await insideOf(cluster, task)), ...command]);
    servers.set(task.ID, server);
    await once(server.stdout, "data");
  }
};

interface UdpClient {
  readonly inside: readonly string[];
  readonly vip: string;
  readonly from: number;
}

/** Who answers a client that always uses one port, and which address it sees; none when nobody does. */
const askUdp = async ({ inside, vip, from }: UdpClient): Promise<string> => {
  const args = [process.execPath, `${NET}/udp-ask.mjs`, vip, String(UDP_PORT), String(from)];
  return (await run("env", [...inside, ...args])).stdout.trim();
};

/** A client that this task answers. */
const clientOf = async (task: TaskRow, client: UdpClient): Promise<UdpClient> => {
  let { from } = client;
  await until(
    `an answer of ${task.Name} over UDP`,
    () => {
      from += 1;
      return askUdp({ ...client, from });
    },
    (answer) => answer.startsWith(task.ID),
  );
  return { ...client, from };
};

test(
  "10,000 connections by VIP and by mesh, while what can fail does",
  { timeout: 500_000 },
  async () => {
    const docker = cluster.docker();
    const [worker1, worker2] = [await cluster.host("worker1"), await cluster.host("worker2")];
    await docker("network", "create", "--driver", "overlay", "back");
    const flags = [
      ["--replicas", "2", "--constraint", `node.hostname!=${worker2.hostname}`],
      ["--update-order", "start-first", "--stop-grace-period", "10s"],
      ["--hostname", "{{.Task.ID}}", "--network", "back", "--publish", `${PORT}:8080`],
    ].flat();
    await createService(docker, "web", flags, ["sh", "-c", SERVE]);
    const here = ["--constraint", "node.role==manager", "--network", "back"];
    await createService(docker, "client", here);
    await untilRunning(docker, "web", 2);
    const [client] = await untilRunning(docker, "client", 1);
    if (!client) throw new Error("no client");
    const inside = await insideOf(cluster, client);
    await untilAnswer(worker1.address, PORT);
    const vip = await vipOf("web");
    const [byVip, byMesh] = [start(inside, vip, 8080), start([], worker1.address, PORT)];
    const before = await docker.tasks("web");
    await killDaemons();
    await cutOff("worker2");
    await restartEngine("worker2");
    const between = await docker.tasks("web");
    await rollOut();
    const tasks = await untilRunning(docker, "web", 2);
    const leaving = tasks.find(({ Node }) => Node !== client.Node);
    if (!leaving) throw new Error("both tasks are on one node");
    await serveUdp(tasks);
    const udp = await clientOf(leaving, { inside, vip, from: 40_000 });
    await serveUdp(await drain(leaving.Node));
    await until(
      "another answers the client over UDP",
      () => askUdp(udp),
      (answer) => answer !== "" && !answer.startsWith(leaving.ID),
    );
    await until(
      "as many connections as are to be counted",
      () => Promise.resolve(Math.min(byVip.asked, byMesh.asked)),
      (asked) => asked > CONNECTIONS,
      200_000,
    );
    const known = [...before, ...between, ...(await docker.tasks("web"))].map(({ ID }) => ID);
    const results = [await byVip.stop(), await byMesh.stop()];
    expect(results.map(({ failed }) => failed)).toEqual([{}, {}]);
    for (const result of results) {
      expect(result.asked).toBeGreaterThan(CONNECTIONS);
      expect(result.checked).toBeGreaterThan(CONNECTIONS / 25);
      expect(Object.keys(result.answers).length).toBeGreaterThanOrEqual(5);
      expect(known).toEqual(expect.arrayContaining(Object.keys(result.answers)));
    }
  },
);

test("a connection without traffic stays known longer than a pause of 15 minutes", async () => {
  const [client] = await untilRunning(cluster.docker(), "client", 1);
  const inside = client ? await insideOf(cluster, client) : [];
  const vip = await vipOf("web");
  const idle = spawn("env", [...inside, "busybox", "nc", vip, "8080"]);
  try {
    const list = ["--", "conntrack", "-L", "-p", "tcp", "--orig-dst", vip];
    const listing = await until(
      "the connection is established",
      () => cluster.command("exec", "manager1", ...list),
      (found) => / ESTABLISHED /.test(found),
    );
    const [, seconds] = / (\d+) ESTABLISHED /.exec(listing) ?? [];
    expect(Number(seconds)).toBeGreaterThan(PAUSE_SECONDS);
  } finally {
    idle.kill();
  }
});
