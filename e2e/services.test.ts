/** The life of services, with the stock docker command. */
import { expect, test } from "vitest";
import { page, untilAnswer } from "./support/http.ts";
import { withPlayground } from "./support/playground.ts";
import {
  containersOf,
  createService,
  removeServices,
  untilRunning,
  updateService,
} from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("services");
const NODES = ["manager1", "worker1", "worker2"];
const remove = (...names: string[]): Promise<void> =>
  removeServices(cluster.docker(), NODES.map(cluster.engine), ...names);

test("create, list, scale, remove", async () => {
  const docker = cluster.docker();
  await createService(docker, "web", ["--replicas", "3"]);
  const tasks = await untilRunning(docker, "web", 3);
  expect(new Set(tasks.map(({ Node }) => Node)).size).toBe(3);
  expect(await docker("service", "ls", "--format", "{{.Name}} {{.Mode}} {{.Replicas}}")).toBe(
    "web replicated 3/3",
  );
  await docker("service", "scale", "--detach", "web=5");
  await untilRunning(docker, "web", 5);
  await docker("service", "scale", "--detach", "web=1");
  await untilRunning(docker, "web", 1);
  await remove("web");
  expect((await docker.attempt("service", "inspect", "web")).stderr).toContain(
    "no such service: web",
  );
});

test("create waits until the tasks run, and says that it converged", async () => {
  const docker = cluster.docker();
  const flags = ["--no-resolve-image", "--name", "waits", "--replicas", "2"];
  const shown = await docker("service", "create", ...flags, "demo:1");
  expect(shown).toMatch(/verify: Service \w+ converged|Service converged/);
  expect(await docker.running("waits")).toHaveLength(2);
  await remove("waits");
});

test("containers carry the names and labels of their tasks", async () => {
  const docker = cluster.docker();
  await createService(docker, "named", ["--constraint", "node.role==manager", "--env", "A=b"]);
  const [task] = await untilRunning(docker, "named", 1);
  const engine = cluster.engine("manager1");
  expect(await containersOf(engine, ["named"])).toEqual([`named.1.${task?.ID ?? ""}`]);
  const label = '{{index .Config.Labels "com.docker.swarm.service.name"}}';
  expect(await engine("inspect", "--format", label, `named.1.${task?.ID ?? ""}`)).toBe("named");
  await remove("named");
});

test("a global service runs once on each node", async () => {
  const docker = cluster.docker();
  await createService(docker, "agent", ["--mode", "global"]);
  const tasks = await untilRunning(docker, "agent", 3);
  expect(new Set(tasks.map(({ Node }) => Node)).size).toBe(3);
  await remove("agent");
});

test("templates in the environment and the hostname are filled in", async () => {
  const docker = cluster.docker();
  await createService(
    docker,
    "templates",
    [
      "--env",
      "WHO={{.Service.Name}}.{{.Task.Slot}}@{{.Node.Hostname}}",
      "--hostname",
      "h-{{.Task.Slot}}",
    ],
    ["sh", "-c", "echo $WHO $(hostname); sleep 1000"],
  );
  const [task] = await untilRunning(docker, "templates", 1);
  await until(
    "the task says who it is",
    () => docker("service", "logs", "--raw", "templates"),
    (logs) => logs.trim() === `templates.1@${task?.Node ?? ""} h-1`,
  );
  await remove("templates");
});

test("a port in host mode answers on the node of the task, and clashes are not scheduled", async () => {
  const docker = cluster.docker();
  const published = "mode=host,target=8080,published=18080";
  await createService(docker, "port", ["--replicas", "4", "--publish", published]);
  await untilRunning(docker, "port", 3);
  for (const { address } of await cluster.hosts())
    expect(await untilAnswer(address, 18_080)).toMatch(/^hello from [0-9a-f]{12}, version 1\n$/);
  const waiting = await until(
    "the fourth task says why it waits",
    async () =>
      (await docker.tasks("port")).find(({ CurrentState }) => CurrentState.startsWith("Pending")),
    (task) => task !== undefined && task.Error !== "",
  );
  expect(waiting?.Error).toContain("host-mode port already in use on 3 nodes");
  await remove("port");
  const { address } = await cluster.host("worker1");
  await expect(page(address, 18_080)).rejects.toThrow("fetch failed");
});

test("logs come from all nodes, with the names of the tasks", async () => {
  const docker = cluster.docker();
  const script = "echo out; echo err >&2; sleep 1000";
  await createService(docker, "chatty", ["--replicas", "3"], ["sh", "-c", script]);
  await untilRunning(docker, "chatty", 3);
  const logs = await until(
    "six lines of log",
    () => docker.attempt("service", "logs", "chatty"),
    ({ stdout, stderr }) => `${stdout}${stderr}`.trim().split("\n").length === 6,
  );
  for (const [text, word] of [
    [logs.stdout, "out"],
    [logs.stderr, "err"],
  ] as const)
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => line.replace(/^chatty\.(\d)\.\S+\s+\|/, "$1"))
        .toSorted(),
    ).toEqual([1, 2, 3].map((slot) => `${slot} ${word}`));
  const tail = await docker.attempt("service", "logs", "--tail", "1", "--raw", "chatty");
  expect(`${tail.stdout}${tail.stderr}`.trim().split("\n")).toHaveLength(3);
  await remove("chatty");
});

test("constraints are kept, and a task without a node says why", async () => {
  const docker = cluster.docker();
  const { hostname } = await cluster.host("worker2");
  await createService(docker, "pinned", [
    "--constraint",
    `node.hostname==${hostname}`,
    "--replicas",
    "2",
  ]);
  const tasks = await untilRunning(docker, "pinned", 2);
  expect(tasks.map(({ Node }) => Node)).toEqual([hostname, hostname]);
  await createService(docker, "nowhere", ["--constraint", "node.labels.disk==ssd"]);
  const reason = await until(
    "the reason is shown",
    async () => (await docker.tasks("nowhere"))[0]?.Error,
    (error) => error !== undefined && error !== "",
  );
  expect(reason).toContain("no suitable node (scheduling constraints not satisfied on 3 nodes)");
  await docker("node", "update", "--label-add", "disk=ssd", hostname);
  const [placed] = await untilRunning(docker, "nowhere", 1);
  expect(placed?.Node).toBe(hostname);
  await docker("node", "update", "--label-rm", "disk", hostname);
  await remove("pinned", "nowhere");
});

test("a task is running only when it is healthy, and an unhealthy one is replaced", async () => {
  const docker = cluster.docker();
  const health = [
    "--health-cmd",
    "test -e /tmp/well",
    "--health-interval",
    "1s",
    "--health-retries",
    "2",
  ];
  await createService(
    docker,
    "health",
    [...health, "--health-start-period", "60s", "--constraint", "node.role==manager"],
    ["sh", "-c", "sleep 3; touch /tmp/well; sleep 1000"],
  );
  const states = new Set<string>();
  const [first] = await until(
    "it becomes healthy",
    async () => {
      for (const { CurrentState } of await docker.tasks("health"))
        states.add(CurrentState.split(" ")[0] ?? "");
      return docker.running("health");
    },
    (tasks) => tasks.length === 1,
  );
  expect(states).toContain("Starting");
  const engine = cluster.engine("manager1");
  await engine("exec", `health.1.${first?.ID ?? ""}`, "rm", "/tmp/well");
  const replaced = await until(
    "it is replaced",
    () => docker.tasks("health"),
    (tasks) => tasks.length >= 2 && tasks.some(({ ID }) => ID === first?.ID),
  );
  const failed = await until(
    "the sick task is shown as failed",
    async () => (await docker.tasks("health")).find(({ ID }) => ID === first?.ID),
    (task) => task?.CurrentState.startsWith("Failed") === true,
  );
  expect(failed?.Error).toContain("unhealthy");
  expect(replaced[0]?.ID).not.toBe(first?.ID);
  await remove("health");
});

test("a failing task is restarted as often as its policy says", async () => {
  const docker = cluster.docker();
  await createService(
    docker,
    "failing",
    [
      "--restart-max-attempts",
      "2",
      "--restart-delay",
      "100ms",
      "--restart-condition",
      "on-failure",
    ],
    ["sh", "-c", "exit 3"],
  );
  const tasks = await until(
    "three attempts have failed",
    () => docker.tasks("failing"),
    (all) => all.filter(({ CurrentState }) => CurrentState.startsWith("Failed")).length === 3,
  );
  expect(tasks[0]?.Error).toContain("task: non-zero exit (3)");
  await remove("failing");
});

test("an image that is nowhere is a rejected task, with the engine's words", async () => {
  const docker = cluster.docker();
  const flags = [
    "--detach",
    "--no-resolve-image",
    "--name",
    "absent",
    "--restart-condition",
    "none",
  ];
  await docker("service", "create", ...flags, "absent.example/none:1");
  const [task] = await until(
    "it is rejected",
    () => docker.tasks("absent"),
    ([newest]) => newest?.CurrentState.startsWith("Rejected") ?? false,
  );
  expect(task?.Error).not.toBe("");
  await remove("absent");
});

test("resource limits and a read-only root reach the container", async () => {
  const docker = cluster.docker();
  await createService(
    docker,
    "limited",
    [
      "--limit-memory",
      "64m",
      "--read-only",
      "--mount",
      "type=tmpfs,target=/scratch",
      "--constraint",
      "node.role==manager",
    ],
    ["sleep", "1000"],
  );
  const [task] = await untilRunning(docker, "limited", 1);
  const engine = cluster.engine("manager1");
  const container = `limited.1.${task?.ID ?? ""}`;
  const format = "{{.HostConfig.Memory}} {{.HostConfig.ReadonlyRootfs}}";
  expect(await engine("inspect", "--format", format, container)).toBe("67108864 true");
  expect((await engine.attempt("exec", container, "touch", "/x")).code).not.toBe(0);
  expect((await engine.attempt("exec", container, "touch", "/scratch/x")).code).toBe(0);
  await remove("limited");
});

test("changing only the number of replicas leaves running tasks alone", async () => {
  const docker = cluster.docker();
  await createService(docker, "steady", ["--replicas", "2"]);
  const before = await untilRunning(docker, "steady", 2);
  await updateService(docker, "steady", ["--replicas", "3", "--label-add", "a=b"]);
  const after = await untilRunning(docker, "steady", 3);
  const ids = after.map(({ ID }) => ID);
  for (const { ID } of before) expect(ids).toContain(ID);
  await remove("steady");
});
