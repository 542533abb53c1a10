// Goal: agents are told their tasks once durable, are believed about them, and are missed when silent.
// Method: the real store on a memory log, a virtual clock, and links that record what was sent.
import { newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import { PROTOCOL_VERSION } from "@skein/model";
import type { Assignments, DownMessage, Node, Task, UpMessage } from "@skein/model";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import type { Draft, Log } from "@skein/store";
import { expect, test } from "vitest";
import type { SessionPort } from "./dispatcher.ts";
import { Dispatcher } from "./dispatcher.ts";

const description = {
  Hostname: "host",
  Platform: {},
  Resources: {},
  Engine: {},
  TLSInfo: {},
};
const hello: UpMessage = {
  type: "hello",
  protocol: PROTOCOL_VERSION,
  description,
  addr: "10.0.0.2",
};

const node = (id: string): Draft<Node> => ({
  id,
  spec: { Labels: {}, Role: "worker", Availability: "active" },
  role: "worker",
  status: { state: "unknown", message: "", addr: "" },
});

const task = (id: string, nodeId: string): Draft<Task> => ({
  id,
  serviceId: "svc",
  specVersion: 1,
  slot: 1,
  nodeId,
  desiredState: "running",
  status: { state: "assigned", timestamp: 0, message: "" },
  appliedAt: 0,
});

interface Agent {
  readonly port: SessionPort;
  readonly got: DownMessage[];
  readonly closed: (Error | undefined)[];
}

interface Rig {
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly dispatcher: Dispatcher;
  readonly disk: { full: boolean; gate: Promise<void> };
  readonly open: (nodeId: string) => Agent;
}

const rig = async (): Promise<Rig> => {
  const clock = newVirtualClock();
  const disk = { full: false, gate: Promise.resolve() };
  const inner = openMemoryLog(newMemoryDisk());
  const log: Log = {
    ...inner,
    commit: async (batch) => {
      await disk.gate;
      if (disk.full) throw new Error("no space left on device");
      await inner.commit(batch);
    },
  };
  const store = await Store.open(log, clock);
  store.lead(await log.campaign("m", new AbortController().signal), {
    plan: () => {},
    reset: () => {},
    failed: (error) => {
      throw error instanceof Error ? error : new Error("planner failed");
    },
  });
  await store.transact((tx) => {
    for (const id of ["n1", "n2"]) tx.put("nodes", node(id));
    tx.put("specs", {
      id: "svc.1",
      serviceId: "svc",
      serviceName: "web",
      specVersion: 1,
      task: {
        ContainerSpec: {
          Image: "bb:1",
          Isolation: "default",
          Secrets: [{ SecretID: "s1", SecretName: "key" }],
        },
        ForceUpdate: 0,
      },
    });
    tx.put("secrets", { id: "s1", spec: { Name: "key", Labels: {}, Data: "eA==" } });
  });
  const dispatcher = new Dispatcher({
    store,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    attach: () => [],
  });
  dispatcher.start(new AbortController().signal);
  const open = (nodeId: string): Agent => {
    const got: DownMessage[] = [];
    const closed: (Error | undefined)[] = [];
    const port = dispatcher.connect(
      { nodeId, address: "10.0.0.9" },
      { send: (message) => got.push(message), close: (error) => closed.push(error) },
    );
    return { port, got, closed };
  };
  return { store, clock, dispatcher, disk, open };
};

const sets = ({ got }: Agent): readonly Assignments[] =>
  got.filter((message) => message.type === "assignments");

test("hello makes a node ready and brings its tasks, then differences, with secrets while needed", async () => {
  const { store, clock, open } = await rig();
  await store.transact((tx) => tx.put("tasks", task("t1", "n1")));
  const agent = open("n1");
  agent.port.receive(hello);
  await clock.settle();
  expect(store.view.get("nodes", "n1")?.status).toEqual({
    state: "ready",
    message: "",
    addr: "10.0.0.2",
  });
  expect(agent.got.map(({ type }) => type)).toEqual([
    "welcome",
    "cluster",
    "network-keys",
    "networks",
    "assignments",
  ]);
  const [full] = sets(agent);
  expect(full).toMatchObject({ kind: "full", sequence: 1, tasks: [{ id: "t1", spec: "svc.1" }] });
  expect(full).toMatchObject({ specs: [{ key: "svc.1" }], secrets: [{ id: "s1" }] });

  await store.transact((tx) => {
    tx.put("tasks", task("t2", "n1"));
    tx.put("tasks", task("t3", "n2"));
  });
  expect(sets(agent)[1]).toMatchObject({ kind: "delta", sequence: 2, tasks: [{ id: "t2" }] });
  expect(sets(agent)[1]?.specs).toEqual([]);

  const ended = { state: "failed", timestamp: 1, message: "" } as const;
  await store.transact((tx) => tx.put("tasks", { ...task("t1", "n1"), status: ended }));
  await store.transact((tx) => tx.put("tasks", { ...task("t2", "n1"), status: ended }));
  expect(sets(agent).at(-1)?.removedSecrets).toEqual(["s1"]);
  await store.transact((tx) => tx.delete("tasks", "t1"));
  expect(sets(agent).at(-1)?.removedTasks).toEqual(["t1"]);
});

test("a status is recorded once, forward only, for the reporter's own tasks, and acknowledged", async () => {
  const { store, clock, open } = await rig();
  await store.transact((tx) => {
    tx.put("tasks", task("mine", "n1"));
    tx.put("tasks", task("other", "n2"));
  });
  const agent = open("n1");
  agent.port.receive(hello);
  await clock.settle();
  const running = { state: "running", timestamp: 5, message: "started" } as const;
  agent.port.receive({
    type: "statuses",
    sequence: 1,
    statuses: ["mine", "other", "gone"].map((taskId) => ({ taskId, status: running })),
  });
  await clock.settle();
  expect(agent.got.at(-1)).toEqual({ type: "acknowledged", sequence: 1 });
  expect(store.view.get("tasks", "mine")?.runningSince).toBe(clock.now());
  expect(store.view.get("tasks", "other")?.status.state).toBe("assigned");
  const earlier = { ...running, state: "starting" } as const;
  agent.port.receive({
    type: "statuses",
    sequence: 2,
    statuses: [{ taskId: "mine", status: earlier }],
  });
  await clock.settle();
  expect(store.view.get("tasks", "mine")?.status.state).toBe("running");
});

test("a closed connection makes a node disconnected, and down when it stays away", async () => {
  const { store, clock, open } = await rig();
  const agent = open("n1");
  agent.port.receive(hello);
  await clock.settle();
  agent.port.closed();
  await clock.settle();
  expect(store.view.get("nodes", "n1")?.status.state).toBe("disconnected");
  await clock.advance(5000);
  expect(store.view.get("nodes", "n1")?.status.state).toBe("disconnected");
  await clock.advance(2000);
  expect(store.view.get("nodes", "n1")).toMatchObject({
    status: { state: "down", message: "heartbeat failure" },
  });
  const back = open("n1");
  back.port.receive(hello);
  await clock.settle();
  expect(store.view.get("nodes", "n1")?.status.state).toBe("ready");
  expect(store.view.get("nodes", "n1")).not.toHaveProperty("downSince");
});

test("three missed heartbeats are down; heartbeats keep a node; a new session ends the former", async () => {
  const { store, clock, open } = await rig();
  const silent = open("n1");
  const lively = open("n2");
  silent.port.receive(hello);
  lively.port.receive(hello);
  for (let i = 0; i < 10; i += 1) {
    await clock.advance(1000);
    lively.port.receive({ type: "heartbeat" });
  }
  expect(store.view.get("nodes", "n1")?.status.state).toBe("down");
  expect(store.view.get("nodes", "n2")?.status.state).toBe("ready");
  expect(silent.closed).toHaveLength(1);
  const again = open("n2");
  again.port.receive(hello);
  await clock.settle();
  lively.port.closed();
  await clock.settle();
  expect(lively.closed.map((error) => error?.message)).toEqual(["session invalid"]);
  expect(store.view.get("nodes", "n2")?.status.state).toBe("ready");
});

test("a node that is given up while its new session is being recorded is ready in the end", async () => {
  const { store, clock, open, disk } = await rig();
  open("n1").port.receive(hello);
  await clock.settle();
  let release = (): void => {};
  disk.gate = new Promise((resolve) => {
    release = resolve;
  });
  const agent = open("n1");
  agent.port.receive(hello);
  await clock.advance(20_000); // the former session is silent meanwhile
  expect(store.view.get("nodes", "n1")?.status.state).toBe("down");
  agent.port.receive({ type: "heartbeat" });
  release();
  await clock.settle();
  expect(store.view.get("nodes", "n1")?.status.state).toBe("ready");
  expect(agent.got.map(({ type }) => type)).toContain("assignments");
});

test("a leader that stood still itself holds nobody's silence against them", async () => {
  const { store, clock, open } = await rig();
  const [lively, away] = [open("n1"), open("n2")];
  lively.port.receive(hello);
  away.port.receive(hello);
  await clock.settle();
  away.port.closed();
  await clock.advance(1000);
  await clock.stall(20_000);
  expect(store.view.get("nodes", "n1")?.status.state).toBe("ready");
  expect(store.view.get("nodes", "n2")?.status.state).toBe("disconnected");
  expect(lively.closed).toEqual([]);
  // From there on they have the time that they had left, no more.
  await clock.advance(6000);
  expect(store.view.get("nodes", "n1")?.status.state).toBe("down");
  expect(store.view.get("nodes", "n2")?.status.state).toBe("down");
});

test("a silent node that could not be recorded as down is tried again", async () => {
  const { store, clock, open, disk } = await rig();
  open("n1").port.receive(hello);
  await clock.advance(1000);
  disk.full = true;
  await clock.advance(20_000);
  expect(store.view.get("nodes", "n1")?.status.state).toBe("ready");
  disk.full = false;
  await clock.advance(1000);
  expect(store.view.get("nodes", "n1")?.status.state).toBe("down");
});

test("a node that says that it leaves is down at once; a removed one is told that it is not known", async () => {
  const { store, clock, open } = await rig();
  const leaving = open("n1");
  const removed = open("n2");
  leaving.port.receive(hello);
  removed.port.receive(hello);
  await clock.settle();
  leaving.port.receive({ type: "leaving" });
  await clock.settle();
  expect(store.view.get("nodes", "n1")?.status.state).toBe("down");
  await store.transact((tx) => tx.delete("nodes", "n2"));
  expect(removed.closed.map((error) => error?.message)).toEqual(["node not registered"]);
});

test("after a restart of the leader ready nodes stay ready until they had time to come back", async () => {
  const { store, clock } = await rig();
  await store.transact((tx) => {
    for (const id of ["n1", "n2"])
      tx.put("nodes", { ...node(id), status: { state: "ready", message: "", addr: "" } });
  });
  const next = new Dispatcher({
    store,
    clock,
    random: seededRandom(2),
    logger: silentLogger,
    attach: () => [],
  });
  next.start(new AbortController().signal);
  await clock.advance(29_000);
  expect(store.view.get("nodes", "n1")?.status.state).toBe("ready");
  await clock.advance(3000);
  expect(store.view.get("nodes", "n1")?.status.state).toBe("down");
});

test("the newest protocol that both speak is agreed on; without one it is said what to upgrade", async () => {
  const { open, clock } = await rig();
  const newer = { ...hello, protocol: PROTOCOL_VERSION + 1 };
  const able = open("n1");
  able.port.receive({ ...newer, oldest: PROTOCOL_VERSION });
  await clock.settle();
  expect(able.got[0]).toMatchObject({ type: "welcome", protocol: PROTOCOL_VERSION });
  const unable = open("n2");
  unable.port.receive({ ...newer, oldest: PROTOCOL_VERSION + 1 });
  await clock.settle();
  expect(unable.got).toEqual([]);
  expect(unable.closed[0]?.message).toContain("upgrade the managers first");
});
