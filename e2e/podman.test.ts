/** A worker whose engine is Podman, beside one with Docker. */
import { expect, test } from "vitest";
import { untilAnswer } from "./support/http.ts";
import { daemon, withPlayground } from "./support/playground.ts";
import { createService, removeServices, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

const skein = daemon === "skein";
const flags = ["--workers", "1", "--engine", "worker1=podman"];
const cluster = skein ? withPlayground("podman", flags) : undefined;
const there = (): NonNullable<typeof cluster> => {
  if (cluster === undefined) throw new Error("Podman has no swarm mode of its own");
  return cluster;
};
const onPodman = ["--constraint", "node.role==worker"];

test.runIf(skein)("a node with Podman is ready and runs tasks", async () => {
  const docker = there().docker();
  const { hostname, address } = await there().host("worker1");
  await until(
    "both nodes are ready",
    () => docker.nodes(),
    (nodes) => nodes.length === 2 && nodes.every(({ Status }) => Status === "Ready"),
  );
  const publish = ["--publish", "mode=host,target=8080,published=18081"];
  await createService(docker, "web", [...onPodman, ...publish]);
  const [task] = await untilRunning(docker, "web", 1);
  expect(task?.Node).toBe(hostname);
  expect(await untilAnswer(address, 18_081)).toContain("version 1");
});

test.runIf(skein)("its logs, updates and removal work", async () => {
  const docker = there().docker();
  await until(
    "it has logged",
    () => docker("service", "logs", "--raw", "web"),
    (logs) => logs.startsWith("hello from"),
  );
  await docker("service", "update", "--detach", "--no-resolve-image", "--image", "demo:2", "web");
  await until(
    "the new version runs",
    () => docker.running("web"),
    (tasks) => tasks.length === 1 && tasks[0]?.Image === "demo:2",
    60_000,
  );
  await removeServices(docker, [there().engine("worker1")], "web");
});

test.runIf(skein)("a task that fails there is restarted there", async () => {
  const docker = there().docker();
  await createService(
    docker,
    "fails",
    [...onPodman, "--restart-delay", "100ms"],
    ["sh", "-c", "sleep 1; exit 4"],
  );
  const tasks = await until(
    "it has failed twice",
    () => docker.tasks("fails"),
    (all) => all.filter(({ CurrentState }) => CurrentState.startsWith("Failed")).length >= 2,
    60_000,
  );
  expect(tasks.find(({ CurrentState }) => CurrentState.startsWith("Failed"))?.Error).toContain(
    "non-zero exit (4)",
  );
  await removeServices(docker, [there().engine("worker1")], "fails");
});

test.runIf(skein)("a network with IPv6 works there, by address and by VIP", async () => {
  const docker = there().docker();
  await docker("network", "create", "--driver", "overlay", "--ipv6", "six");
  await createService(docker, "six", ["--network", "six", "--replicas", "2"]);
  await createService(docker, "asks", [...onPodman, "--network", "six"]);
  await untilRunning(docker, "six", 2);
  await untilRunning(docker, "asks", 1);
  const engine = there().engine("worker1");
  const id = await engine("ps", "--quiet", "--filter", "name=asks.1");
  const format = "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}";
  const vips = await docker("service", "inspect", "--format", format, "six");
  const [vip = ""] = (vips.split(" ").find((one) => one.includes(":")) ?? "").split("/");
  const request = `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${vip} 8080 | tail -n 1`;
  const answers = await until(
    "both tasks answer by the VIP",
    () => engine("exec", id, "sh", "-c", `for i in $(seq 20); do ${request}; done`),
    (text) => new Set(text.split("\n").map((line) => line.split(" ")[0])).size === 2,
  );
  expect(answers).toMatch(/saw \[f/);
  await removeServices(docker, [there().engine("manager1"), engine], "six", "asks");
  await docker("network", "rm", "six");
});
