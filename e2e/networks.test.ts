/** Overlay networks, names, VIPs and the routing mesh, with the stock docker command. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text as textOf } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { Docker } from "./support/docker.ts";
import { untilAnswer } from "./support/http.ts";
import { insideOf } from "./support/inside.ts";
import { withPlayground } from "./support/playground.ts";
import { run } from "./support/run.ts";
import { createService, removeServices, untilRunning, updateService } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("networks");
const NODES = ["manager1", "worker1", "worker2"];
const ANSWER_MS = 3000;
const remove = (...names: string[]): Promise<void> =>
  removeServices(cluster.docker(), NODES.map(cluster.engine), ...names);

/** Runs a shell command in the first task of a service, wherever it runs. */
const inTask = async (service: string, command: string): Promise<string> => {
  const [task] = await untilRunning(cluster.docker(), service, 1);
  for (const node of NODES) {
    const engine: Docker = cluster.engine(node);
    const id = await engine("ps", "--quiet", "--filter", `name=${service}.1.${task?.ID ?? ""}`);
    if (id !== "") return (await engine.attempt("exec", id, "sh", "-c", command)).stdout;
  }
  throw new Error(`no container of ${service}`);
};

/** One request over plain TCP: Debian's static busybox can't look up names in its wget. */
const get = (host: string, port: number): string =>
  `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${host} ${port} | tail -n 1`;

const addressesOf = async (service: string, name: string): Promise<readonly string[]> => {
  const answer = await inTask(service, `nslookup ${name} 2>&1`);
  // The first address is the name server's.
  const [, ...found] = [...answer.matchAll(/^Address:\s*([\d.]+)/gm)];
  return found.flatMap(([, address]) => address ?? []);
};

/** Who answered, and which client it saw. */
const ask = async (
  address: string,
  port: number,
): Promise<{ readonly by: string; readonly saw: string }> => {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const text = await (await fetch(`http://${address}:${port}/cgi-bin/who`, { signal })).text();
  const match = /^(\S+) saw \[?(?:::ffff:)?([^\]\s]+)/.exec(text);
  return { by: match?.[1] ?? "", saw: match?.[2] ?? "" };
};

test("names lead to the VIP, the VIP to every task, on the networks of the asker only", async () => {
  const docker = cluster.docker();
  await docker("network", "create", "--driver", "overlay", "back");
  await docker("network", "create", "--driver", "overlay", "other");
  await createService(docker, "web", ["--replicas", "3", "--network", "back"]);
  await createService(docker, "client", ["--network", "back"]);
  await createService(docker, "stranger", ["--network", "other"]);
  const tasks = await untilRunning(docker, "web", 3);
  expect(new Set(tasks.map(({ Node }) => Node)).size).toBe(3);

  const format = "{{range .Endpoint.VirtualIPs}}{{.Addr}}{{end}}";
  const [vip = ""] = (await docker("service", "inspect", "--format", format, "web")).split("/");
  expect(await addressesOf("client", "web")).toEqual([vip]);
  expect(await addressesOf("client", "tasks.web")).toHaveLength(3);
  expect(await addressesOf("client", "web.1")).toHaveLength(1);
  const answers = await inTask("client", `for i in $(seq 40); do ${get("web", 8080)}; done`);
  const answered = answers
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ")[0]);
  expect(new Set(answered).size).toBe(3);
  expect(answered).toHaveLength(40);

  expect(await addressesOf("stranger", "web")).toEqual([]);
  expect(await inTask("stranger", get(vip, 8080))).toBe("");
  const [direct = ""] = await addressesOf("client", "web.1");
  expect(await inTask("stranger", get(direct, 8080))).toBe("");
  await remove("web", "client", "stranger");
  await docker("network", "rm", "back", "other");
  expect(await docker("network", "ls", "--filter", "driver=overlay", "--format", "{{.Name}}")).toBe(
    "ingress",
  );
});

/** Waits in a task's network until the container's name server knows a name; gives when, in ms since the epoch. */
const untilNamed = async (
  inside: readonly string[],
  name: string,
): Promise<{ readonly at: Promise<number> }> => {
  const script = `${import.meta.dirname}/support/net/dns-wait.mjs`;
  const child = spawn("env", [...inside, process.execPath, script, name]);
  const output = textOf(child.stdout);
  await once(child.stderr, "data");
  return { at: output.then(Number) };
};

test("a name is answered on another node soon after the leader's commit", async () => {
  const docker = cluster.docker();
  await docker("network", "create", "--driver", "overlay", "soon");
  const { hostname } = await cluster.host("worker2");
  const there = ["--network", "soon", "--constraint", `node.hostname==${hostname}`];
  await createService(docker, "asker", there);
  const [asker] = await untilRunning(docker, "asker", 1);
  const inside = asker ? await insideOf(cluster, asker) : [];
  const times: number[] = [];
  for (const name of ["soon1", "soon2", "soon3"]) {
    const named = await untilNamed(inside, name);
    await createService(docker, name, ["--network", "soon", "--replicas", "0"]);
    const made = await docker("service", "inspect", "--format", "{{json .CreatedAt}}", name);
    times.push((await named.at) - Date.parse(JSON.parse(made) as string));
  }
  const [, median = 0] = times.toSorted((a, b) => a - b);
  process.stdout.write(`names: answered ${Math.round(median)} ms after the commit\n`);
  // Measured: 37 to 52 ms on two processors at a load of 10 to 16. A machine may have much else to do.
  expect(median).toBeLessThan(1000);
  await remove("asker", "soon1", "soon2", "soon3");
  await docker("network", "rm", "soon");
});

test("every node answers on a published port, and the task sees the client's own address", async () => {
  const docker = cluster.docker();
  const hosts = await cluster.hosts();
  const flags = ["--replicas", "2", "--publish", "18081:8080"];
  await createService(docker, "mesh", [...flags, "--constraint", "node.role==worker"]);
  await untilRunning(docker, "mesh", 2);
  const gateway = (hosts[0]?.address ?? "").replace(/\.\d+$/, ".254");
  for (const { address } of hosts) {
    await untilAnswer(address, 18_081);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(address, 18_081)));
    expect(new Set(answers.map(({ saw }) => saw))).toEqual(new Set([gateway]));
    expect(new Set(answers.map(({ by }) => by)).size).toBe(2);
  }
  await remove("mesh");
  for (const { address } of hosts)
    await expect(ask(address, 18_081)).rejects.toThrow("fetch failed");
});

test("a rolling update loses no request", async () => {
  const docker = cluster.docker();
  const hosts = await cluster.hosts();
  const order = ["--update-order", "start-first", "--update-parallelism", "1"];
  await createService(docker, "steady", ["--replicas", "3", "--publish", "18082:8080", ...order]);
  await untilRunning(docker, "steady", 3);
  for (const { address } of hosts) await untilAnswer(address, 18_082);
  let failed = 0;
  let asked = 0;
  const stop = new AbortController();
  const load = async (address: string): Promise<void> => {
    while (!stop.signal.aborted) {
      asked += 1;
      await ask(address, 18_082).catch(() => {
        failed += 1;
      });
    }
  };
  const clients = hosts.map(({ address }) => load(address));
  await updateService(docker, "steady", ["--image", "demo:2"]);
  const state = ["service", "inspect", "--format", "{{.UpdateStatus.State}}", "steady"];
  await until(
    "the update is completed",
    () => docker(...state),
    (text) => text === "completed",
    90_000,
  );
  stop.abort();
  await Promise.all(clients);
  expect(asked).toBeGreaterThan(100);
  expect(failed).toBe(0);
  await remove("steady");
});

test("the mesh goes on when a node is lost, and the daemon's restart does not touch it", async () => {
  const docker = cluster.docker();
  const [manager, , worker2] = await cluster.hosts();
  await createService(docker, "robust", ["--replicas", "3", "--publish", "18083:8080"]);
  await untilRunning(docker, "robust", 3);
  await untilAnswer(worker2?.address ?? "", 18_083);
  await cluster.command("kill", "worker2", "--daemon");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask(worker2?.address ?? "", 18_083)),
  );
  expect(answers).toHaveLength(20);
  await cluster.command("restart", "worker2", "--daemon");
  await cluster.command("kill", "worker2");
  await until(
    "three tasks on two nodes",
    () => docker.running("robust"),
    (tasks) => tasks.length === 3 && tasks.every(({ Node }) => !Node.endsWith("worker2")),
    60_000,
  );
  await until(
    "no request goes to the lost node",
    async () =>
      Promise.all(Array.from({ length: 20 }, () => ask(manager?.address ?? "", 18_083))).catch(
        () => [],
      ),
    (list) => list.length === 20,
    30_000,
  );
  await cluster.command("restart", "worker2");
  await remove("robust");
});

/** The hosts of a playground have this machine's kernel. */
const hasIpsec =
  (
    await run("unshare", [
      "--net",
      "sh",
      "-c",
      `ip xfrm state add src 127.0.0.1 dst 127.0.0.2 proto esp spi 0x100 reqid 1 mode transport aead 'rfc4106(gcm(aes))' 0x${"01".repeat(20)} 128`,
    ])
  ).code === 0;
const ENCRYPTED = ["network", "create", "--driver", "overlay", "--opt", "encrypted", "sealed"];

test.skipIf(hasIpsec)("an encrypted network is refused where no kernel has IPsec", async () => {
  const docker = cluster.docker();
  const { code, stderr } = await docker.attempt(...ENCRYPTED);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /encrypted networks need a node whose kernel has IPsec ESP.*manager1: this node's kernel lacks IPsec/,
  );
  expect(await docker("network", "ls", "--filter", "name=sealed", "--quiet")).toBe("");
});

test.skipIf(!hasIpsec)("an encrypted network connects tasks of all nodes", async () => {
  const docker = cluster.docker();
  await docker(...ENCRYPTED);
  await createService(docker, "sealed", ["--replicas", "3", "--network", "sealed"]);
  await createService(docker, "asker", ["--network", "sealed"]);
  await untilRunning(docker, "sealed", 3);
  for (const address of await addressesOf("asker", "tasks.sealed"))
    expect(await inTask("asker", get(address, 8080))).toContain(" saw ");
  await remove("asker", "sealed");
  await docker("network", "rm", "sealed");
});

test("a stack from a Compose file", async () => {
  const docker = cluster.docker();
  const compose = "e2e/support/stack.yml";
  await docker("stack", "deploy", "--compose-file", compose, "--resolve-image", "never", "demo");
  await untilRunning(docker, "demo_web", 2);
  await untilRunning(docker, "demo_client", 1);
  expect(await addressesOf("demo_client", "web")).toHaveLength(1);
  expect(await inTask("demo_client", get("web", 8080))).toContain(" saw ");
  await docker("stack", "rm", "demo");
  await until(
    "nothing of the stack is left",
    () => docker("network", "ls", "--filter", "name=demo_", "--quiet"),
    (text) => text === "",
  );
});
