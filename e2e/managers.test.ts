/** Several managers: they join, are promoted, demoted, leave, fail and come back; any of them answers. */
import { expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import { createService, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("mgrs", ["--no-join", "--managers", "3", "--workers", "1"]);

const MANAGERS = ["manager1", "manager2", "manager3"];

/** Under load etcd takes its time to let members in and out. */
const PATIENT_MS = 60_000;

const hostname = async (host: string): Promise<string> => (await cluster.host(host)).hostname;

const join = async (host: string, role: "manager" | "worker"): Promise<void> => {
  const token = await cluster.docker()("swarm", "join-token", "-q", role);
  const { address } = await cluster.host(host);
  const remote = `${(await cluster.host("manager1")).address}:2377`;
  await cluster.docker(host)(
    "swarm",
    "join",
    "--advertise-addr",
    address,
    "--token",
    token,
    remote,
  );
};

/** `docker node ls` as one line per node: name without the playground's, status, manager status. */
const nodesFrom = async (host: string): Promise<readonly string[]> => {
  const prefix = `${cluster.name}-`;
  const rows = await cluster.docker(host).nodes();
  return rows
    .map((row) =>
      [row.Hostname.slice(prefix.length), row.Status, row.ManagerStatus].join(" ").trim(),
    )
    .toSorted();
};

const leaderFrom = async (host: string): Promise<string> => {
  const rows = await nodesFrom(host);
  return rows.find((row) => row.endsWith(" Leader"))?.split(" ")[0] ?? "nobody";
};

/** Waits until each of these managers shows the nodes so; `Leader` and `Reachable` count as one. */
const untilNodes = async (at: readonly string[], wanted: readonly string[]): Promise<void> => {
  for (const host of at)
    await until(
      `${host} shows ${wanted.join(", ")}`,
      () => nodesFrom(host),
      (rows) =>
        rows.filter((row) => row.endsWith(" Leader")).length === 1 &&
        rows.map((row) => row.replace(" Leader", " Reachable")).join() === wanted.toSorted().join(),
      PATIENT_MS,
    );
};

const isManager = async (host: string): Promise<boolean> =>
  (await cluster.docker(host)("info", "--format", "{{.Swarm.ControlAvailable}}")) === "true";

const untilManager = (host: string, wanted: boolean): Promise<boolean> =>
  until(
    `${host} is ${wanted ? "a" : "no"} manager`,
    () => isManager(host),
    (is) => is === wanted,
    PATIENT_MS,
  );

/** Task and container of each replica, with its start: what must not change. */
const running = async (at: string): Promise<readonly string[]> => {
  const ids = (await cluster.docker(at).running("web")).map(({ ID }) => ID);
  const format =
    "{{.ID}} {{.NodeID}} {{.Status.ContainerStatus.ContainerID}} {{.Status.ContainerStatus.PID}}";
  return (await cluster.docker(at)("inspect", "--format", format, ...ids)).split("\n").toSorted();
};

const ALL = ["manager1 Ready Reachable", "manager2 Ready Reachable", "manager3 Ready Reachable"];
const WHOLE = [...ALL, "worker1 Ready"];

test("a cluster grows from one manager to three, by joining and by promotion", async () => {
  const { address } = await cluster.host("manager1");
  await cluster.docker()("swarm", "init", "--advertise-addr", address);
  await join("worker1", "worker");
  await createService(
    cluster.docker(),
    "web",
    ["--replicas", "4"],
    ["sh", "-c", "echo begun; sleep 1000"],
  );
  await untilRunning(cluster.docker(), "web", 4);
  await join("manager2", "manager");
  await untilNodes(["manager1", "manager2"], [...ALL.slice(0, 2), "worker1 Ready"]);
  await join("manager3", "worker");
  await cluster.docker("manager2")("node", "promote", await hostname("manager3"));
  await untilManager("manager3", true);
  await untilNodes(MANAGERS, WHOLE);
  for (const host of MANAGERS)
    expect(
      await cluster.docker(host)("info", "--format", "{{.Swarm.Managers}} {{.Swarm.Nodes}}"),
    ).toBe("3 4");
});

test("every manager answers everything, and shows at once what was done at another", async () => {
  const [one, two, three] = MANAGERS.map((host) => cluster.docker(host));
  if (!one || !two || !three) throw new Error("three managers are needed");
  const since = String(Math.floor(Date.now() / 1000) - 1);
  for (const [index, docker] of [one, two, three].entries()) {
    const other = [two, three, one][index] ?? one;
    await createService(docker, `made${index}`, ["--replicas", "1"]);
    const format = "{{.Spec.Mode.Replicated.Replicas}} {{.Spec.Labels.a}}";
    expect(await other("service", "inspect", "--format", format, `made${index}`)).toBe(
      "1 <no value>",
    );
    await other(
      "service",
      "update",
      "--detach",
      "--no-resolve-image",
      "--label-add",
      "a=b",
      `made${index}`,
    );
    await docker("service", "scale", "--detach", `made${index}=2`);
    expect(await other("service", "inspect", "--format", format, `made${index}`)).toBe("2 b");
    await untilRunning(other, `made${index}`, 2);
    await until(
      "the logs have come",
      () => docker("service", "logs", "--raw", "web"),
      (text) => text.split("\n").filter((line) => line === "begun").length === 4,
    );
    await docker("service", "rm", `made${index}`);
    expect((await other.attempt("service", "inspect", `made${index}`)).stderr).toContain(
      "no such service",
    );
  }
  for (const docker of [one, two, three]) {
    const end = String(Math.ceil(Date.now() / 1000));
    const filters = ["--filter", "scope=swarm", "--filter", "type=service"];
    const events = await docker("events", "--since", since, "--until", end, ...filters);
    for (const word of ["service create", "service update", "service remove"])
      expect(events).toContain(word);
  }
});

test("a node is promoted and demoted again and again; its tasks go on", async () => {
  const before = await running("manager1");
  const name = await hostname("worker1");
  for (const at of ["manager2", "manager3"]) {
    expect(await cluster.docker(at)("node", "promote", name)).toContain("promoted to a manager");
    await untilManager("worker1", true);
    await untilNodes(["worker1"], [...ALL, "worker1 Ready Reachable"]);
    expect(await cluster.docker("worker1")("node", "demote", name)).toContain(
      "demoted in the swarm",
    );
    await untilManager("worker1", false);
    await untilNodes([at], WHOLE);
  }
  expect(await running("manager2")).toEqual(before);
});

test("the leader is demoted: another one leads, and nobody else notices", async () => {
  const before = await running("manager1");
  const leader = await leaderFrom("manager1");
  const others = MANAGERS.filter((host) => host !== leader);
  const [other = ""] = others;
  await cluster.docker(leader)("node", "demote", await hostname(leader));
  await untilManager(leader, false);
  await untilNodes(
    others,
    WHOLE.map((row) => row.replace(`${leader} Ready Reachable`, `${leader} Ready`)),
  );
  expect((await cluster.docker(leader).attempt("node", "ls")).stderr).toContain(
    "not a swarm manager",
  );
  expect(await running(other)).toEqual(before);
  await cluster.docker(other)("node", "promote", await hostname(leader));
  await untilManager(leader, true);
  await untilNodes(MANAGERS, WHOLE);
});

test("the leader is frozen for longer than its lease: another one leads; thawed it follows", async () => {
  const before = await running("manager1");
  const leader = await leaderFrom("manager1");
  const [other = ""] = MANAGERS.filter((host) => host !== leader);
  await cluster.command("freeze", leader, "--daemon");
  await until(
    "another one leads",
    () => leaderFrom(other),
    (host) => host !== leader && host !== "nobody",
    PATIENT_MS,
  );
  await cluster.docker(other)(
    "service",
    "update",
    "--detach",
    "--no-resolve-image",
    "--label-add",
    "x=y",
    "web",
  );
  await cluster.command("thaw", leader, "--daemon");
  const format = "{{.Spec.Labels.x}}";
  expect(await cluster.docker(leader)("service", "inspect", "--format", format, "web")).toBe("y");
  await untilNodes(MANAGERS, WHOLE);
  expect(new Set(await Promise.all(MANAGERS.map(leaderFrom))).size).toBe(1);
  const onOthers = (rows: readonly string[], node: string): readonly string[] =>
    rows.filter((row) => row.split(" ")[1] !== node);
  const id = await cluster.docker()(
    "node",
    "inspect",
    "--format",
    "{{.ID}}",
    await hostname(leader),
  );
  expect(onOthers(await running(other), id)).toEqual(
    expect.arrayContaining([...onOthers(before, id)]),
  );
});

test("a manager that is lost is Down and Unreachable; more than one can't be spared", async () => {
  const leader = await leaderFrom("manager1");
  const [lost = "", other = ""] = MANAGERS.filter((host) => host !== leader);
  await cluster.command("kill", lost);
  const seen = WHOLE.map((row) =>
    row.replace(`${lost} Ready Reachable`, `${lost} Down Unreachable`),
  );
  await untilNodes([leader, other], seen);
  const refused = await cluster.docker(leader).attempt("node", "demote", await hostname(other));
  expect(refused.stderr).toContain("this would result in a loss of quorum");
  const removed = await cluster
    .docker(leader)
    .attempt("node", "rm", "--force", await hostname(lost));
  expect(removed.stderr).toContain("is a cluster manager and is a member of the raft cluster");
  await cluster.command("kill", other, "--daemon");
  const answer = await cluster.docker(leader).attempt("node", "ls");
  expect(answer.stderr).toContain("The swarm does not have a leader");
  await cluster.command("restart", other, "--daemon");
  await untilNodes([leader, other], seen);
  await cluster.command("restart", lost);
  await untilNodes(MANAGERS, WHOLE);
});

test("a manager does not leave without force; with force it is out of the quorum", async () => {
  const refused = await cluster.docker("manager3").attempt("swarm", "leave");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    "You are attempting to leave the swarm on a node that is participating as a manager.",
  );
  expect(await cluster.docker("manager3")("swarm", "leave", "--force")).toContain(
    "Node left the swarm.",
  );
  const rest = ["manager1", "manager2"];
  await untilNodes(rest, [...ALL.slice(0, 2), "manager3 Down", "worker1 Ready"]);
  const count = ["info", "--format", "{{.Swarm.Managers}}"];
  for (const host of rest) {
    expect(await cluster.docker(host)(...count)).toBe("2");
    expect(await cluster.docker(host)("info", "--format", "{{.Swarm.Warnings}}")).toContain(
      "Running Swarm in a two-manager configuration",
    );
  }
  await cluster.docker()("node", "rm", await hostname("manager3"));
  await untilNodes(rest, [...ALL.slice(0, 2), "worker1 Ready"]);
});

test("the last manager stays", async () => {
  await cluster.docker()("node", "demote", await hostname("manager2"));
  await untilManager("manager2", false);
  await untilNodes(["manager1"], ["manager1 Ready Reachable", "manager2 Ready", "worker1 Ready"]);
  const last = await cluster.docker().attempt("node", "demote", await hostname("manager1"));
  expect(last.stderr).toContain("attempting to demote the last manager of the swarm");
  const leaving = await cluster.docker().attempt("swarm", "leave");
  expect(leaving.stderr).toContain(
    "Removing the last manager erases all current state of the swarm.",
  );
  await cluster.docker()("node", "promote", await hostname("manager2"));
  await untilManager("manager2", true);
  await untilNodes(["manager1", "manager2"], [...ALL.slice(0, 2), "worker1 Ready"]);
});
