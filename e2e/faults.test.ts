/** What the cluster does when parts of it fail, and when they come back. */
import { beforeAll, expect, test } from "vitest";
import { daemon, withPlayground } from "./support/playground.ts";
import { containersOf, createService, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("faults", ["--workers", "2"]);

const nodeState = async (host: string): Promise<string> => {
  const { hostname } = await cluster.host(host);
  const found = (await cluster.docker().nodes()).find((node) => node.Hostname === hostname);
  return found?.Status ?? "absent";
};

const untilState = (host: string, state: string): Promise<string> =>
  until(
    `${host} is ${state}`,
    () => nodeState(host),
    (seen) => seen === state,
    60_000,
  );

/** Waits until three tasks run, none of them on these hosts. */
const untilElsewhere = async (...hosts: readonly string[]): Promise<void> => {
  const away = await Promise.all(hosts.map(async (host) => (await cluster.host(host)).hostname));
  await until(
    `three tasks run, none on ${hosts.join(", ")}`,
    () => cluster.docker().running("web"),
    (tasks) => tasks.length === 3 && tasks.every(({ Node }) => !away.includes(Node)),
    60_000,
  );
};

/** Deals the tasks out anew, so that each host has some. */
const spread = async (): Promise<void> => {
  const docker = cluster.docker();
  await docker("service", "update", "--detach", "--force", "--no-resolve-image", "web");
  await until(
    "each host runs a task",
    () => docker.running("web"),
    (tasks) => tasks.length === 3 && new Set(tasks.map(({ Node }) => Node)).size === 3,
    60_000,
  );
};

beforeAll(async () => {
  const flags = [
    "--replicas",
    "3",
    "--restart-delay",
    "100ms",
    "--stop-grace-period",
    "1s",
    "--update-parallelism",
    "0",
  ];
  await createService(cluster.docker(), "web", flags);
  await untilRunning(cluster.docker(), "web", 3);
});

test("drain moves the tasks away, and nothing comes back by itself", async () => {
  const docker = cluster.docker();
  const { hostname } = await cluster.host("worker1");
  await docker("node", "update", "--availability", "drain", hostname);
  await untilElsewhere("worker1");
  await until(
    "its containers have stopped",
    () => cluster.engine("worker1")("ps", "--quiet"),
    (running) => running === "",
  );
  await docker("node", "update", "--availability", "active", hostname);
  await untilElsewhere("worker1");
});

test("the engine of a worker is killed: its tasks move; it comes back empty and is used again", async () => {
  await spread();
  await cluster.command("kill", "worker1", "--engine");
  await untilElsewhere("worker1");
  await cluster.command("restart", "worker1", "--engine");
  await untilState("worker1", "Ready");
  await until(
    "what it ran before has been stopped",
    () => cluster.engine("worker1")("ps", "--quiet"),
    (running) => running === "",
    60_000,
  );
  await spread();
});

/** The running containers of the service on a host, and when they were started. */
const startsOn = async (host: string): Promise<string> => {
  const engine = cluster.engine(host);
  const running = (await engine("ps", "--format", "{{.Names}}")).split("\n");
  const mine = (await containersOf(engine, ["web"])).filter((name) => running.includes(name));
  return engine("inspect", "--format", "{{.Name}} {{.State.StartedAt}}", ...mine.toSorted());
};

test.runIf(daemon === "skein")(
  "a daemon is killed and comes back soon: its containers are adopted, not restarted",
  async () => {
    await spread();
    const ids = async (): Promise<readonly string[]> =>
      (await cluster.docker().running("web")).map(({ ID }) => ID).toSorted();
    const tasks = await ids();
    const containers = await startsOn("worker2");
    await cluster.command("kill", "worker2", "--daemon");
    await cluster.command("restart", "worker2", "--daemon");
    const docker = cluster.docker();
    const { hostname } = await cluster.host("worker2");
    await createService(docker, "proof", ["--constraint", `node.hostname==${hostname}`]);
    await untilRunning(docker, "proof", 1);
    await docker("service", "rm", "proof");
    expect(await startsOn("worker2")).toBe(containers);
    expect(await ids()).toEqual(tasks);
  },
);

test.runIf(daemon === "skein")(
  "a daemon stays away: its node goes down, its containers go on until it is back",
  async () => {
    await spread();
    const containers = await startsOn("worker1");
    await cluster.command("kill", "worker1", "--daemon");
    await untilElsewhere("worker1");
    expect(await startsOn("worker1")).toBe(containers);
    await cluster.command("restart", "worker1", "--daemon");
    await untilState("worker1", "Ready");
    await until(
      "what had moved is stopped",
      () => cluster.engine("worker1")("ps", "--quiet"),
      (running) => running === "",
      60_000,
    );
  },
);

test.runIf(daemon === "skein")(
  "the manager's daemon is killed: tasks go on, and the cluster is as it was",
  async () => {
    await spread();
    const before = (await cluster.docker().running("web")).map(({ ID }) => ID).toSorted();
    await cluster.command("kill", "manager1", "--daemon");
    expect((await cluster.docker().attempt("node", "ls")).code).toBe(1);
    await cluster.command("restart", "manager1", "--daemon");
    await until(
      "all nodes are ready again",
      () => cluster.docker().nodes(),
      (nodes) => nodes.every(({ Status }) => Status === "Ready"),
      60_000,
    );
    const after = await untilRunning(cluster.docker(), "web", 3);
    expect(after.map(({ ID }) => ID).toSorted()).toEqual(before);
    await cluster.docker()("service", "scale", "--detach", "web=4");
    await untilRunning(cluster.docker(), "web", 4);
    await cluster.docker()("service", "scale", "--detach", "web=3");
    await untilRunning(cluster.docker(), "web", 3);
  },
);

test("a worker is cut off: it goes down, its tasks move, and healed it stops what moved", async () => {
  await spread();
  await cluster.command("cut", "worker2");
  await untilState("worker2", "Down");
  await untilElsewhere("worker2");
  expect(await cluster.engine("worker2")("ps", "--quiet")).not.toBe("");
  await cluster.command("heal", "worker2");
  await untilState("worker2", "Ready");
  await until(
    "what had moved is stopped",
    () => cluster.engine("worker2")("ps", "--quiet"),
    (running) => running === "",
    60_000,
  );
});

test("a worker loses power: its tasks move, and it is used again when it is back", async () => {
  await spread();
  await cluster.command("kill", "worker1", "--host");
  await untilState("worker1", "Down");
  await untilElsewhere("worker1");
  await cluster.command("restart", "worker1");
  await untilState("worker1", "Ready");
  await spread();
});

test("a worker freezes: it goes down; thawed, it stops what moved", async () => {
  await spread();
  await cluster.command("freeze", "worker2");
  await untilState("worker2", "Down");
  await untilElsewhere("worker2");
  await cluster.command("thaw", "worker2");
  await untilState("worker2", "Ready");
  await until(
    "what had moved is stopped",
    () => cluster.engine("worker2")("ps", "--quiet"),
    (running) => running === "",
    60_000,
  );
});
