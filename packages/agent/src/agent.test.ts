// Goal: an agent brings its tasks to where the manager wants them, whatever engine, connection and
// daemon do meanwhile. Method: the whole agent on a virtual clock, with engine, manager and disk in memory.
import { OperationError } from "@skein/base";
import { afterEach, expect, test } from "vitest";
import type { UpMessage } from "@skein/model";
import { assignments } from "./testing/fake-manager.ts";
import type { Rig } from "./testing/rig.ts";
import { newRig, webSpec, webTask } from "./testing/rig.ts";
import type { Agent } from "./agent.ts";

let agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  agents = [];
});

const started = async (rig: Rig): Promise<Agent> => {
  const agent = rig.newAgent();
  agents.push(agent);
  await agent.start();
  await rig.clock.advance(1000);
  return agent;
};

/** An agent in a session, with one task of `web` that was wanted to run for a second. */
const withTask = async (
  container: Parameters<typeof webSpec>[0] = {},
): Promise<Rig & { readonly agent: Agent }> => {
  const rig = newRig();
  const agent = await started(rig);
  rig.manager.session.send(assignments(1, { specs: [webSpec(container)], tasks: [webTask("t1")] }));
  await rig.clock.advance(1000);
  return { ...rig, agent };
};

const types = (messages: readonly UpMessage[]): readonly string[] =>
  messages.map(({ type }) => type);

test("a task runs, and every state on its way is told in order", async () => {
  const { engine, manager } = await withTask();
  const told = manager.session.got.flatMap((message) =>
    message.type === "statuses" ? message.statuses.map(({ status }) => status.state) : [],
  );
  expect(told.at(-1)).toBe("running");
  expect(engine.ofTask("t1").phase).toBe("running");
  expect(manager.status("t1")).toMatchObject({
    message: "started",
    container: { id: "c1", pid: 42 },
  });
  expect([...engine.containers.values()][0]?.workload.taskName).toBe("web.1.t1");
});

test("a task without slot is named after its node", async () => {
  const rig = newRig();
  await started(rig);
  rig.manager.session.send(
    assignments(1, { specs: [webSpec()], tasks: [webTask("t1", { slot: 0 })] }),
  );
  await rig.clock.advance(1000);
  expect([...rig.engine.containers.values()][0]?.workload.taskName).toBe("web.n1.t1");
});

test("heartbeats come at the pace that the manager asked for", async () => {
  const rig = newRig();
  await started(rig);
  await rig.clock.advance(10_000);
  const beats = types(rig.manager.session.got).filter((type) => type === "heartbeat");
  expect(beats).toHaveLength(5);
});

test("a missing image rejects the task with the engine's text", async () => {
  const rig = newRig();
  rig.engine.missingImages.add("gone:1");
  await started(rig);
  rig.manager.session.send(
    assignments(1, { specs: [webSpec({ Image: "gone:1" })], tasks: [webTask("t1")] }),
  );
  await rig.clock.advance(1000);
  expect(rig.manager.status("t1")).toMatchObject({
    state: "rejected",
    message: "preparing",
    err: "No such image: gone:1",
    container: { id: "" },
  });
});

test("an exit is told at once, with its code", async () => {
  const { clock, engine, manager } = await withTask();
  engine.exit("t1", 3);
  await clock.settle();
  await clock.advance(100);
  expect(manager.status("t1")).toMatchObject({
    state: "failed",
    err: "task: non-zero exit (3)",
    container: { id: "c1", exitCode: 3 },
  });
});

test("a container that somebody removed has failed, even when the event was lost", async () => {
  const { clock, engine, manager } = await withTask();
  engine.deaf = true;
  engine.destroy("t1");
  await clock.advance(5000);
  expect(manager.status("t1")?.state).toBe("running");
  await clock.advance(7000);
  expect(manager.status("t1")).toMatchObject({ state: "failed", err: "No such container: c1" });
});

test("the exit code of a removed container is waited for", async () => {
  const { clock, engine, manager } = await withTask();
  engine.deaf = true;
  engine.destroy("t1");
  engine.deaf = false;
  engine.emit({ type: "container", containerId: "c1" });
  await clock.advance(500);
  engine.emit({ type: "container", containerId: "c1", exitCode: 137 });
  await clock.advance(200);
  expect(manager.status("t1")).toMatchObject({ err: "task: non-zero exit (137)" });
});

test("with a health check a task runs when it is healthy, and fails when it is not", async () => {
  const { clock, engine, manager } = await withTask({ Healthcheck: { Test: ["CMD", "true"] } });
  expect(manager.status("t1")?.state).toBe("starting");
  engine.setHealth("t1", "healthy");
  await clock.advance(100);
  expect(manager.status("t1")?.state).toBe("running");
  engine.stopExitCode = 0;
  engine.setHealth("t1", "unhealthy");
  await clock.advance(200);
  expect(engine.calls).toContain("stop 3000");
  expect(manager.status("t1")).toMatchObject({
    state: "failed",
    err: "dockerexec: unhealthy container",
  });
});

test("a container that ends at once has been running; with a health check it has not", async () => {
  for (const [container, message] of [
    [{}, "started"],
    [{ Healthcheck: { Test: ["CMD", "true"] } }, "starting"],
  ] as const) {
    const rig = newRig();
    rig.engine.hold("start");
    await started(rig);
    rig.manager.session.send(
      assignments(1, { specs: [webSpec(container)], tasks: [webTask("t1")] }),
    );
    await rig.clock.advance(1000);
    rig.engine.endOnStart = 9;
    rig.engine.release("start");
    await rig.clock.advance(1000);
    expect(rig.manager.status("t1")).toMatchObject({
      state: "failed",
      message,
      err: "task: non-zero exit (9)",
    });
  }
});

test("a task that is to stop gets its grace period and keeps its container", async () => {
  const { clock, engine, manager } = await withTask();
  manager.session.send(
    assignments(2, { kind: "delta", tasks: [webTask("t1", { desiredState: "shutdown" })] }),
  );
  await clock.advance(200);
  expect(engine.calls).toContain("stop 3000");
  expect(manager.status("t1")).toMatchObject({ state: "shutdown", container: { exitCode: 137 } });
  expect(engine.ofTask("t1").phase).toBe("exited");
});

test("an engine that does not stop a container is asked to kill it", async () => {
  const { clock, engine, manager } = await withTask();
  engine.hold("stop");
  manager.session.send(
    assignments(2, { kind: "delta", tasks: [webTask("t1", { desiredState: "shutdown" })] }),
  );
  await clock.advance(12_000);
  expect(engine.calls).not.toContain("kill");
  await clock.advance(2000);
  expect(engine.calls).toContain("kill");
  expect(manager.status("t1")?.state).toBe("shutdown");
});

test("a new desired state interrupts a pull", async () => {
  const rig = newRig();
  rig.engine.hold("prepare");
  await started(rig);
  const { session } = rig.manager;
  session.send(assignments(1, { specs: [webSpec()], tasks: [webTask("t1")] }));
  await rig.clock.advance(500);
  expect(rig.manager.status("t1")?.state).toBe("preparing");
  session.send(
    assignments(2, { kind: "delta", tasks: [webTask("t1", { desiredState: "shutdown" })] }),
  );
  await rig.clock.advance(500);
  expect(rig.manager.status("t1")?.state).toBe("shutdown");
});

test("a task that leaves the set is stopped within its grace, then removed", async () => {
  const { clock, engine, manager, disk } = await withTask();
  engine.hold("stop");
  manager.session.send(assignments(2, { kind: "delta", removedTasks: ["t1"] }));
  await clock.advance(2500);
  expect(engine.calls).toContain("stop 3000");
  expect(engine.calls).not.toContain("remove");
  engine.release("stop");
  await clock.advance(100);
  expect(engine.containers.size).toBe(0);
  expect(disk.tasks.size).toBe(0);
  expect(disk.specs.size).toBe(0);
});

test("a task that left and is still stopping is no leftover", async () => {
  const { clock, engine, manager } = await withTask({ StopGracePeriod: 60e9 });
  engine.hold("stop");
  manager.session.send(assignments(2, { kind: "delta", removedTasks: ["t1"] }));
  await clock.advance(30_000);
  expect(engine.calls.filter((call) => call.startsWith("stop"))).toEqual(["stop 60000"]);
  expect(engine.calls).not.toContain("remove");
  engine.release("stop");
  await clock.advance(100);
  expect(engine.containers.size).toBe(0);
});

test("a step that the engine could not do for being away is done when it is back", async () => {
  const rig = newRig();
  await started(rig);
  rig.engine.halt({ killing: false });
  rig.manager.session.send(assignments(1, { specs: [webSpec()], tasks: [webTask("t1")] }));
  await rig.clock.advance(2000);
  expect(rig.manager.status("t1")?.state).toBe("preparing");
  rig.engine.up = true;
  await rig.clock.advance(2000);
  expect(rig.manager.status("t1")?.state).toBe("running");
});

test("a new agent adopts what runs, without a manager and without a restart", async () => {
  const { clock, engine, manager, agent, ...rig } = await withTask();
  await agent.stop();
  manager.unreachable.add("m1:2377");
  engine.calls.length = 0;
  const next = rig.newAgent();
  agents.push(next);
  await next.start();
  await clock.advance(5000);
  expect(engine.ofTask("t1").phase).toBe("running");
  expect(engine.calls.filter((call) => call !== "events")).toEqual([]);
  manager.unreachable.clear();
  engine.exit("t1", 1);
  await clock.advance(20_000);
  manager.session.send(
    assignments(1, { specs: [webSpec()], tasks: [webTask("t1", { state: "running" })] }),
  );
  await clock.advance(200);
  expect(manager.status("t1")).toMatchObject({ state: "failed", err: "task: non-zero exit (1)" });
});

test("a lost disk costs nothing: containers are found by their names", async () => {
  const { clock, engine, manager, disk, agent, ...rig } = await withTask();
  await agent.stop();
  disk.tasks.clear();
  disk.specs.clear();
  engine.calls.length = 0;
  const next = rig.newAgent();
  agents.push(next);
  await next.start();
  await clock.advance(1000);
  manager.session.send(
    assignments(1, { specs: [webSpec()], tasks: [webTask("t1", { state: "running" })] }),
  );
  await clock.advance(1000);
  expect(engine.calls.filter((call) => call !== "events")).toEqual([]);
  engine.exit("t1", 9);
  await clock.advance(200);
  expect(manager.status("t1")).toMatchObject({ state: "failed", container: { id: "c1" } });
});

test("a task that should run but has no container here has failed", async () => {
  const rig = newRig();
  await started(rig);
  rig.manager.session.send(
    assignments(1, { specs: [webSpec()], tasks: [webTask("t1", { state: "running" })] }),
  );
  await rig.clock.advance(1000);
  expect(rig.manager.status("t1")).toMatchObject({
    state: "failed",
    err: "No such container: web.1.t1",
  });
});

test("leftovers are removed, but not before a manager told everything", async () => {
  const { clock, engine, manager, disk, agent, ...rig } = await withTask();
  await agent.stop();
  disk.tasks.clear();
  engine.files.add("t1");
  const next = rig.newAgent();
  agents.push(next);
  await next.start();
  await clock.advance(30_000);
  expect(engine.containers.size).toBe(1);
  manager.session.send(assignments(1));
  await clock.advance(100);
  expect(engine.calls).toContain("stop default");
  expect(engine.containers.size).toBe(0);
  expect(engine.files.size).toBe(0);
});

test("assignments out of sequence end the session; the next one starts from a full set", async () => {
  const { clock, engine, manager } = await withTask();
  const first = manager.session;
  first.send(assignments(7, { kind: "delta", removedTasks: ["t1"] }));
  await clock.advance(8000);
  expect(first.closed).toBe(true);
  expect(manager.session).not.toBe(first);
  expect(engine.ofTask("t1").phase).toBe("running");
  manager.session.send(
    assignments(1, { specs: [webSpec()], tasks: [webTask("t1", { state: "running" })] }),
  );
  await clock.advance(200);
  const again = manager.session.got.find((message) => message.type === "statuses");
  expect(again).toMatchObject({ sequence: 1, statuses: [{ taskId: "t1" }] });
});

test("an engine that is away shortly fails no task and ends no session", async () => {
  const { clock, engine, manager } = await withTask();
  const { session } = manager;
  engine.halt({ killing: false });
  await clock.advance(4000);
  engine.up = true;
  await clock.advance(5000);
  expect(manager.session).toBe(session);
  expect(session.closed).toBe(false);
  expect(manager.status("t1")?.state).toBe("running");
});

test("an engine that is lost makes the node leave; what died meanwhile is told afterwards", async () => {
  const { clock, engine, manager } = await withTask();
  const { session } = manager;
  engine.halt({ killing: true });
  await clock.advance(8000);
  expect(types(session.got).at(-1)).toBe("leaving");
  expect(session.closed).toBe(true);
  await clock.advance(30_000);
  expect(manager.session).toBe(session);
  expect(manager.status("t1")?.state).toBe("running");
  engine.up = true;
  await clock.advance(15_000);
  manager.session.send(
    assignments(1, { specs: [webSpec()], tasks: [webTask("t1", { state: "running" })] }),
  );
  await clock.advance(500);
  expect(manager.status("t1")).toMatchObject({ state: "failed", err: "task: non-zero exit (137)" });
});

test("a new description is sent, an unchanged one is not", async () => {
  const { clock, engine, manager } = await withTask();
  await clock.advance(60_000);
  expect(types(manager.session.got)).not.toContain("description");
  engine.description = { ...engine.description, Hostname: "renamed" };
  await clock.advance(20_000);
  expect(manager.session.got.at(-1)?.type === "heartbeat").toBe(true);
  expect(manager.session.got.find(({ type }) => type === "description")).toMatchObject({
    description: { Hostname: "renamed" },
  });
});

test("secrets become files, templates among them are expanded; a missing one rejects the task", async () => {
  const rig = newRig();
  await started(rig);
  const file = (Name: string): { Name: string; UID: string; GID: string; Mode: number } => ({
    Name,
    UID: "1000",
    GID: "0",
    Mode: 0o440,
  });
  const spec = webSpec({
    Secrets: [{ SecretID: "s1", SecretName: "key", File: file("pw") }],
    Configs: [{ ConfigID: "k1", ConfigName: "conf", File: file("conf") }],
  });
  rig.manager.session.send(
    assignments(1, {
      specs: [spec, { ...webSpec(), key: "svc.2", task: { ...spec.task } }],
      tasks: [webTask("t1")],
      secrets: [{ id: "s1", version: 1, spec: { Labels: {}, Data: "aHVudGVyMg==" } }],
      configs: [
        {
          id: "k1",
          version: 1,
          spec: { Labels: {}, Data: "cD17e3NlY3JldH19", Templating: { Name: "golang" } },
        },
      ],
    }),
  );
  await rig.clock.advance(1000);
  const files = [...rig.engine.containers.values()][0]?.workload.files.map((one) => ({
    ...one,
    data: new TextDecoder().decode(one.data),
  }));
  expect(files).toEqual([
    { target: "/run/secrets/pw", uid: 1000, gid: 0, mode: 0o440, data: "hunter2" },
    { target: "/conf", uid: 1000, gid: 0, mode: 0o440, data: "p=hunter2" },
  ]);
  expect(rig.engine.files).toEqual(new Set(["t1"]));
  rig.engine.exit("t1", 0);
  await rig.clock.advance(100);
  expect(rig.manager.status("t1")?.state).toBe("complete");
  expect(rig.engine.files.size).toBe(0);
  rig.manager.session.send(
    assignments(2, {
      kind: "delta",
      tasks: [webTask("t2", { spec: "svc.1" })],
      removedSecrets: ["s1"],
    }),
  );
  await rig.clock.advance(1000);
  expect(rig.manager.status("t2")).toMatchObject({
    state: "rejected",
    err: "secret key is not available on this node",
  });
});

test("after a restart a task that needs secrets waits for the manager", async () => {
  const { clock, engine, manager, disk, agent, ...rig } = await withTask();
  await agent.stop();
  const stored = disk.tasks.get("t1");
  const spec = webSpec({
    Secrets: [
      { SecretID: "s1", SecretName: "key", File: { Name: "pw", UID: "", GID: "", Mode: 292 } },
    ],
  });
  disk.specs.set("svc.1", spec);
  disk.tasks.set("t1", {
    task: stored?.task ?? webTask("t1"),
    status: { state: "preparing", timestamp: 0, message: "preparing" },
  });
  engine.containers.clear();
  const next = rig.newAgent();
  agents.push(next);
  await next.start();
  await clock.advance(60_000);
  expect(engine.containers.size).toBe(0);
  manager.session.send(
    assignments(1, {
      specs: [spec],
      tasks: [webTask("t1")],
      secrets: [{ id: "s1", version: 1, spec: { Labels: {}, Data: "aHVudGVyMg==" } }],
    }),
  );
  await clock.advance(500);
  expect(manager.status("t1")?.state).toBe("running");
});

test("the output of tasks goes to whoever subscribed, and ends", async () => {
  const { clock, manager } = await withTask();
  const options = { follow: false, tail: -1, since: 0, stdout: true, stderr: true };
  manager.session.send({
    type: "subscribe-logs",
    subscription: { id: "sub", taskIds: ["t1", "unknown"], ...options },
  });
  await clock.advance(100);
  const sent = manager.session.logs.get("sub") ?? [];
  const lines = sent.flatMap((message) => (message.type === "log" ? message.messages : []));
  expect(lines.map(({ taskId, data }) => [taskId, new TextDecoder().decode(data)])).toEqual([
    ["t1", "one\n"],
    ["t1", "two\n"],
  ]);
  expect(sent.at(-1)).toEqual({ type: "end" });
});

test("a manager that is gone is left for another, after a growing pause", async () => {
  const rig = newRig();
  rig.disk.remotes = [
    { nodeId: "m1", addr: "m1:2377" },
    { nodeId: "m2", addr: "m2:2377" },
  ];
  rig.manager.unreachable.add("m1:2377").add("m2:2377");
  await started(rig);
  await rig.clock.advance(60_000);
  const tries = rig.manager.dialed.length;
  expect(tries).toBeGreaterThan(10);
  expect(tries).toBeLessThan(50);
  rig.manager.unreachable.delete("m2:2377");
  await rig.clock.advance(30_000);
  expect(rig.manager.session.addr).toBe("m2:2377");
});

test("managers learned from the cluster are kept, and leaving is said when asked", async () => {
  const { clock, manager, disk, agent } = await withTask();
  const managers = [{ nodeId: "m9", addr: "m9:2377" }];
  manager.session.send({
    type: "cluster",
    role: "worker",
    wantedRole: "worker",
    managers,
    rootCertificate: "",
    renewCertificate: false,
  });
  await clock.advance(10);
  expect(disk.remotes).toEqual(managers);
  expect(agent.connected()).toBe(true);
  await agent.stop({ leave: true });
  expect(types(manager.session.got).at(-1)).toBe("leaving");
  expect(manager.session.closed).toBe(true);
});

test("a node that leaves removes its containers, files and records", async () => {
  const { engine, disk, agent } = await withTask();
  engine.files.add("t1");
  await agent.stop();
  await agent.discard();
  expect(engine.containers.size).toBe(0);
  expect(engine.files.size).toBe(0);
  expect(disk.tasks.size).toBe(0);
  expect(disk.remotes).toEqual([]);
});

test("a node that was removed says so once and asks no more; other refusals are tried again", async () => {
  const { clock, engine, manager, removals } = await withTask();
  manager.refusal = new OperationError("forbidden", "a certificate of this cluster is needed");
  manager.session.break();
  await clock.advance(30_000);
  expect(manager.dialed.length).toBeGreaterThan(2);
  expect(removals()).toBe(0);
  manager.refusal = new OperationError("unauthorized", "node n1 has been removed");
  await clock.advance(30_000);
  expect(removals()).toBe(1);
  const tries = manager.dialed.length;
  await clock.advance(60_000);
  expect(manager.dialed).toHaveLength(tries);
  // What becomes of the containers is for the daemon to say.
  expect(engine.containers.size).toBe(1);
});

test("an agent that is sent on goes to the leader at once, and elsewhere when that one is gone", async () => {
  const rig = newRig();
  rig.disk.remotes = [{ nodeId: "m1", addr: "m1:2377" }];
  rig.manager.welcoming = false;
  const agent = await started(rig);
  rig.manager.welcoming = true;
  const leader = { nodeId: "m2", addr: "m2:2377" };
  rig.manager.session.send({ type: "redirect", leader });
  rig.manager.session.break();
  await rig.clock.settle();
  expect(rig.manager.dialed).toEqual(["m1:2377", "m2:2377"]);
  expect(agent.connected()).toBe(true);
  rig.manager.unreachable.add("m2:2377");
  rig.manager.session.break();
  await rig.clock.advance(1000);
  expect(rig.manager.dialed.at(-1)).toBe("m1:2377");
  expect(agent.connected()).toBe(true);
});

test("a session with a manager that does not lead any more is left for the one that does", async () => {
  const rig = newRig();
  rig.disk.remotes = [{ nodeId: "m1", addr: "m1:2377" }];
  const agent = await started(rig);
  const [first] = rig.manager.sessions;
  agent.leaderIs("m1:2377");
  await rig.clock.advance(1000);
  expect(first?.closed).toBe(false);
  agent.leaderIs("m2:2377");
  await rig.clock.advance(1000);
  expect(first?.closed).toBe(true);
  expect(rig.manager.dialed).toEqual(["m1:2377", "m2:2377"]);
  expect(agent.connected()).toBe(true);
});
