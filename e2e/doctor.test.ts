/** What is wrong, and who says so: doctor, the trace of a way, ports that programs hold. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { DoctorReport, NetworkTrace } from "@skein/wire";
import { expect, test } from "vitest";
import { SKEIN, withPlayground } from "./support/playground.ts";
import type { Outcome } from "./support/run.ts";
import { output, run } from "./support/run.ts";
import { createService, removeServices, untilRunning, updateService } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("doctor", ["--no-join", "--workers", "1"]);
const NODES = ["manager1", "worker1"] as const;
type NodeName = (typeof NODES)[number];

const skein = async (node: NodeName, ...args: readonly string[]): Promise<Outcome> =>
  run(SKEIN, args, { SKEIN_HOST: `unix://${(await cluster.host(node)).socket}` });

/** Runs a shell command in a host's network namespace. */
const onHost = async (node: NodeName, command: string): Promise<string> =>
  output("ip", ["netns", "exec", (await cluster.host(node)).netns, "sh", "-c", command]);

const SERVER = {
  tcp: `require("node:net").createServer().listen(+process.argv[1], process.argv[2], () => console.log(process.pid))`,
  udp: `require("node:dgram").createSocket("udp4").bind(+process.argv[1], process.argv[2], () => console.log(process.pid))`,
} as const;

/** Runs `task` while a program of the host listens; it is told the program's pid there. */
const whileListening = async (
  node: NodeName,
  [protocol, port, address]: readonly ["tcp" | "udp", number, string],
  task: (pid: number) => Promise<void>,
): Promise<void> => {
  const { daemonPid } = await cluster.host(node);
  const enter = ["--target", String(daemonPid), "--net", "--mount", "--pid"];
  const program = spawn(
    "nsenter",
    [...enter, process.execPath, "-e", SERVER[protocol], String(port), address],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    const [said] = (await once(program.stdout, "data")) as [Buffer];
    await task(Number(said.toString()));
  } finally {
    const ended = once(program, "exit");
    // The program itself: nsenter only waits for it.
    await run("pkill", ["--parent", String(program.pid)]);
    await ended;
  }
};

const doctor = async (
  node: NodeName,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly report: DoctorReport; readonly wrong: string[] }> => {
  const { code, stdout, stderr } = await skein(node, "doctor", ...args, "--format", "json");
  expect(stdout, stderr).not.toBe("");
  const report = JSON.parse(stdout) as DoctorReport;
  const checks = report.Groups.flatMap(({ Checks }) => Checks);
  const wrong = checks
    .filter(({ Status }) => Status !== "ok")
    .map(({ Name, Status, Finding }) => `${Name}: ${Status}: ${Finding}`);
  return { code, report, wrong };
};

/** Where the way from the client to the web service breaks: `hop on node`; `ok` when it does not. */
const trace = async (...more: readonly string[]): Promise<string> => {
  const args = ["network", "trace", "client", "web", ...more, "--format", "json"];
  const { code, stdout, stderr } = await skein("manager1", ...args);
  expect(stdout, stderr).not.toBe("");
  const { Hops, Reached } = JSON.parse(stdout) as NetworkTrace;
  expect(code).toBe(Reached ? 0 : 1);
  const hop = Hops.find(({ Status }) => Status === "broken");
  return hop ? `${hop.Name} on ${hop.Node.replace(/^.*-/, "")}` : "ok";
};

test("init and join name the program that holds their port, and leave nothing behind", async () => {
  const { address } = await cluster.host("manager1");
  const init = ["swarm", "init", "--advertise-addr", address];
  await whileListening("manager1", ["udp", 4789, "0.0.0.0"], async (pid) => {
    const { code, stderr } = await cluster.docker().attempt(...init);
    expect(stderr).toMatch(/port 4789\/udp, for traffic .* is in use by program "node/);
    expect(stderr).toContain(`(pid ${pid})`);
    expect(code).toBe(1);
    expect(await cluster.docker()("info", "--format", "{{.Swarm.LocalNodeState}}")).toBe(
      "inactive",
    );
  });
  await whileListening("manager1", ["tcp", 2377, "127.0.0.1"], async (pid) => {
    const { stderr } = await cluster.docker().attempt(...init);
    expect(stderr).toMatch(/port 2377\/tcp, .* in use by program "node/);
    expect(stderr).toContain(`(pid ${pid})`);
  });
  await cluster.docker()(...init, "--data-path-port", "7789");
  const token = await cluster.docker()("swarm", "join-token", "-q", "worker");
  const join = ["swarm", "join", "--token", token, `${address}:2377`];
  await whileListening("worker1", ["udp", 7789, "0.0.0.0"], async (pid) => {
    const { stderr } = await cluster.docker("worker1").attempt(...join);
    expect(stderr).toContain(`(pid ${pid}): stop it`);
    expect(await cluster.docker().nodes()).toHaveLength(1);
  });
  await cluster.docker("worker1")(...join);
});

test("a healthy cluster has no problem, on any node", async () => {
  const docker = cluster.docker();
  await docker("network", "create", "--driver", "overlay", "back");
  await createService(docker, "web", ["--network", "back", "--constraint", "node.role==worker"]);
  await createService(docker, "client", [
    "--network",
    "back",
    "--constraint",
    "node.role==manager",
  ]);
  await untilRunning(docker, "web", 1);
  await untilRunning(docker, "client", 1);
  for (const node of NODES) {
    const { code, report, wrong } = await doctor(node);
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    expect(report.Groups.map(({ Name }) => Name)).toContain("network");
  }
  const { stdout, code } = await skein("manager1", "doctor", "--node", "all", "cluster");
  expect(stdout.match(/a manager has a session with this node/g)).toHaveLength(2);
  expect(code).toBe(0);
  expect((await skein("worker1", "doctor", "--node", "manager1")).stderr).toContain(
    "This node is not a swarm manager",
  );
});

test("what somebody changed in the kernel is named, repaired and counted", async () => {
  const id = (await cluster.docker()("network", "inspect", "-f", "{{.Id}}", "back")).slice(0, 10);
  const fdb = await onHost("manager1", `bridge fdb show dev skx-${id} | grep -v 00:00:00`);
  const [, mac = "", destination = ""] = /^(02:42:\S+) dst (\S+)/m.exec(fdb) ?? [];
  await onHost(
    "manager1",
    `bridge fdb del ${mac} dev skx-${id} dst ${destination} self; ip link set sk-${id} type bridge nf_call_iptables 0; nft flush map ip skein vips`,
  );
  const before = (await doctor("manager1", "disk")).report.NetworkAudits;
  const { code, report, wrong } = await doctor("manager1", "network");
  const { Audits = 0, Repaired = 0, Found = {} } = report.NetworkAudits ?? {};
  expect(Repaired).toBeGreaterThanOrEqual(3);
  expect(Audits).toBeGreaterThan(before?.Audits ?? 0);
  expect(Object.keys(Found)).toEqual(expect.arrayContaining(["bridges", "forwarding", "tables"]));
  expect(code).toBe(0);
  // In the moments since, the regular audit may have been faster.
  const isFaster = Audits > (before?.Audits ?? 0) + 1 && wrong.length === 0;
  expect(isFaster ? "repaired" : wrong.join()).toMatch(
    new RegExp(
      `^repaired$|^kernel: warning: .*bridges sk-${id}: changed \\(filtersIp .*forwarding skx-${id} ${mac}`,
    ),
  );
  expect((await doctor("manager1", "network")).wrong).toEqual([]);
});

/**
 * Breaks something, and traces at once: the regular audit may repair it in between, so that it is broken
 * and traced again then.
 */
const broken = (node: NodeName, command: string, hop: string): Promise<string> =>
  until(
    `the trace breaks at ${hop}`,
    async () => {
      await onHost(node, command);
      return trace("8080");
    },
    (at) => at === hop,
  );

/** Repairs every node, and sees that the way is whole again. */
const repair = async (): Promise<void> => {
  await skein("manager1", "doctor", "network", "--node", "all");
  await until(
    "the way is whole",
    () => trace("8080"),
    (at) => at === "ok",
    60_000,
  );
};

test("a trace walks to the end, or to where it breaks", async () => {
  const id = (await cluster.docker()("network", "inspect", "-f", "{{.Id}}", "back")).slice(0, 10);
  await repair();
  expect(await trace()).toBe("ok");
  expect(await trace("81")).toBe("listening on worker1");
  await broken("worker1", `ip link set skx-${id} down`, "tunnel on worker1");
  await repair();
  await broken("manager1", `ip link set sk-${id} down`, "source bridge on manager1");
  await repair();
  await broken("manager1", "nft delete table ip skein", "virtual address on manager1");
  await repair();
  const drop = "iptables -w 5 -I INPUT -p udp --dport 7789 -j DROP";
  await onHost("worker1", drop);
  expect(await trace("8080")).toBe("underlay on manager1");
  const { stdout } = await skein("manager1", "network", "trace", "client", "web", "8080");
  expect(stdout).toMatch(/underlay .* is reached, but not through VXLAN/);
  expect(stdout).toMatch(/firewall .*-A INPUT -p udp -m udp --dport 7789 -j DROP/);
  await onHost("worker1", drop.replace("-I", "-D"));
  await repair();
  const { stderr } = await skein("worker1", "network", "trace", "client", "web");
  expect(stderr).toContain("This node is not a swarm manager. Worker nodes can't be used");
});

test("names are answered also while a service publishes port 53", async () => {
  const docker = cluster.docker();
  const port = "published=53,target=8080,protocol=udp";
  await createService(docker, "dns", ["--publish", port, "--mode", "global"]);
  await untilRunning(docker, "dns", 2);
  expect(await trace("8080")).toBe("ok");
  await removeServices(docker, NODES.map(cluster.engine), "dns");
});

test("a trace says which container does not run", async () => {
  const docker = cluster.docker();
  await updateService(docker, "web", ["--args", "false", "--restart-condition", "none"]);
  await until(
    "no task of web runs",
    () => docker.running("web"),
    (tasks) => tasks.length === 0,
  );
  const { stderr } = await until(
    "the trace tells that the destination does not run",
    () => skein("manager1", "network", "trace", "client", "web"),
    ({ stdout }) => stdout.includes("destination   -"),
  );
  expect(stderr).toMatch(
    /broken at "destination": web has no container .*web\.1 is (?:failed|comp)/,
  );
  await removeServices(docker, NODES.map(cluster.engine), "web", "client");
});

test("a port that a program holds is refused by name, and is not given out", async () => {
  const docker = cluster.docker();
  await whileListening("worker1", ["tcp", 18_090, "127.0.0.1"], async (pid) => {
    await expect(createService(docker, "site", ["--publish", "18090:8080"])).rejects.toThrow(
      new RegExp(
        `port '18090' is already in use by program "node[^"]*" \\(pid ${pid}\\) on node \\S*worker1: stop it`,
      ),
    );
    // In host mode a task finds its place on the other node.
    const host = ["--publish", "published=18090,target=8080,mode=host"];
    await createService(docker, "site", host);
    await expect(createService(docker, "each", [...host, "--mode", "global"])).rejects.toThrow(
      "port '18090'",
    );
    await expect(updateService(docker, "site", ["--publish-add", "18091:8080"])).resolves.toBe(
      "site",
    );
  });
  await removeServices(docker, NODES.map(cluster.engine), "site");
  await whileListening("manager1", ["tcp", 30_000, "0.0.0.0"], async () => {
    await createService(docker, "any", ["--publish", "8080"]);
    const format = "{{range .Endpoint.Ports}}{{.PublishedPort}}{{end}}";
    expect(await docker("service", "inspect", "--format", format, "any")).toBe("30001");
  });
  await removeServices(docker, NODES.map(cluster.engine), "any");
});
