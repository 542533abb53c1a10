// Goal: nodes hear of their networks, no others, before the tasks that need them; and a stopping task's
// agent is told when everybody has taken it out.
// Method: the real store, pipeline and dispatcher on a virtual clock; agents are links that record.
import { newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import { PROTOCOL_VERSION } from "@skein/model";
import type {
  Difference,
  DownMessage,
  NetworkNews,
  NetworkSnapshot,
  WholeNetworks,
} from "@skein/model";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import { expect, test } from "vitest";
import { Leader } from "../leader.ts";
import { createService } from "../service-spec.ts";
import { aCluster, aNetwork, anAllocator, aNode, aSpec } from "../testing/builders.ts";
import type { SessionPort } from "./dispatcher.ts";

interface Agent {
  readonly port: SessionPort;
  readonly got: DownMessage[];
}

interface Rig {
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly agents: Readonly<Record<"n1" | "n2" | "n3", Agent>>;
  readonly connect: (nodeId: string, protocol?: number) => Promise<Agent>;
}

const description = (Hostname: string) => ({
  Hostname,
  Platform: { Architecture: "x86_64", OS: "linux" },
  Resources: { NanoCPUs: 4e9, MemoryBytes: 8e9 },
  Engine: {},
  TLSInfo: {},
});

const rig = async (): Promise<Rig> => {
  const clock = newVirtualClock();
  const log = openMemoryLog(newMemoryDisk());
  const store = await Store.open(log, clock);
  const leader = new Leader({
    allocator: anAllocator(),
    store,
    clock,
    random: seededRandom(3),
    logger: silentLogger,
  });
  leader.start(await log.campaign("m", new AbortController().signal));
  await store.transact((tx) => {
    tx.put("clusters", aCluster(5));
    tx.put("networks", aNetwork("ingress", "10.0.0.0/24", true));
    tx.put("networks", aNetwork("back", "10.0.5.0/24"));
    for (const id of ["n1", "n2", "n3"]) tx.put("nodes", aNode(id));
  });
  const connect = async (nodeId: string, protocol = PROTOCOL_VERSION): Promise<Agent> => {
    const got: DownMessage[] = [];
    const port = leader.dispatcher.connect(
      { nodeId, address: "" },
      { send: (message) => got.push(message), close: () => {} },
    );
    const addr = `10.9.0.${nodeId.slice(1)}`;
    port.receive({ type: "hello", protocol, addr, description: description(nodeId) });
    await clock.settle();
    return { port, got };
  };
  const agents = { n1: await connect("n1"), n2: await connect("n2"), n3: await connect("n3") };
  return { store, clock, agents, connect };
};

const news = ({ got }: Agent): readonly NetworkNews[] =>
  got.filter((message) => message.type === "networks");

/** Network `back` as a node has it that heard all of this; every delta must follow what was told before. */
const follow = (all: readonly NetworkNews[]): NetworkSnapshot => {
  let table: NetworkSnapshot | undefined;
  for (const { networks, changes } of all) {
    table = networks.find(({ name }) => name === "back") ?? table;
    for (const { id, base, version, endpoints, services } of changes) {
      if (id !== table?.id) continue;
      expect([base <= table.version, table.version < version]).toEqual([true, true]);
      table = {
        ...table,
        version,
        endpoints: after(table.endpoints, endpoints),
        services: after(table.services, services),
      };
    }
  }
  if (!table) throw new Error("the network was not told of");
  return table;
};

const after = <T extends { readonly id: string }>(
  before: readonly T[],
  { changed, removed }: Difference<T> = { changed: [], removed: [] },
): readonly T[] => {
  const gone = new Set([...removed, ...changed.map(({ id }) => id)]);
  return [...before.filter(({ id }) => !gone.has(id)), ...changed];
};

const create = async ({ store, clock }: Rig, replicas: number): Promise<void> => {
  const constraints = ["node.hostname!=n3"];
  const spec = aSpec({ replicas, networks: ["back"], constraints });
  await store.transact((tx) => createService(tx, { id: "web", spec }));
  await clock.settle();
};

test("every node hears of the ingress network at once, of others when its tasks need them, tasks last", async () => {
  const all = await rig();
  const [first] = news(all.agents.n1);
  expect(first).toMatchObject({
    kind: "full",
    dataPath: { underlay: "10.9.0.1", port: 4789 },
    ports: [],
  });
  expect(first?.networks.map(({ name }) => name)).toEqual(["ingress"]);
  await create(all, 2);
  const last = all.agents.n1.got.slice(-2);
  expect(last.map(({ type }) => type)).toEqual(["networks", "assignments"]);
  const table = news(all.agents.n1)
    .at(-1)
    ?.networks.find(({ name }) => name === "back");
  expect(table?.peers.map(({ underlay }) => underlay)).toEqual(["10.9.0.1", "10.9.0.2"]);
  expect(table?.endpoints.map(({ active }) => active)).toEqual([false, false]);
  expect(table?.services.map(({ name, vips }) => [name, vips.length])).toEqual([["web", 1]]);
  const heard = news(all.agents.n3).flatMap(({ networks }) => networks.map(({ name }) => name));
  expect(heard).not.toContain("back");
});

test("a task is in the tables while it runs, and its agent is told when everybody took it out", async () => {
  const all = await rig();
  const { store, clock, agents } = all;
  await create(all, 2);
  for (const task of store.view.tasksOfService("web").values())
    agents[task.nodeId === "n1" ? "n1" : "n2"].port.receive({
      type: "statuses",
      sequence: 1,
      statuses: [{ taskId: task.id, status: { state: "running", timestamp: 1, message: "" } }],
    });
  await clock.settle();
  const active = (agent: Agent): number =>
    follow(news(agent)).endpoints.filter((endpoint) => endpoint.active).length;
  expect([active(agents.n1), active(agents.n2)]).toEqual([2, 2]);

  await store.transact((tx) => tx.delete("services", "web"));
  await clock.settle();
  expect([active(agents.n1), active(agents.n2)]).toEqual([0, 0]);
  const told = (agent: Agent): readonly string[] =>
    agent.got.flatMap((message) => (message.type === "withdrawn" ? message.taskIds : []));
  expect(told(agents.n1)).toEqual([]);
  const version = news(agents.n1).at(-1)?.version ?? 0;
  agents.n1.port.receive({ type: "networks-applied", version });
  await clock.settle();
  expect(told(agents.n1)).toEqual([]);
  agents.n2.port.receive({ type: "networks-applied", version });
  await clock.settle();
  expect(told(agents.n1)).toHaveLength(1);
  expect(told(agents.n2)).toHaveLength(1);
});

test("a node that is lost is not waited for", async () => {
  const all = await rig();
  const { store, clock, agents } = all;
  await create(all, 2);
  await store.transact((tx) => tx.delete("services", "web"));
  await clock.settle();
  agents.n2.port.closed();
  agents.n1.port.receive({
    type: "networks-applied",
    version: news(agents.n1).at(-1)?.version ?? 0,
  });
  await clock.settle();
  expect(agents.n1.got.some(({ type }) => type === "withdrawn")).toBe(true);
});

test("published ports reach every node, also those without a task", async () => {
  const all = await rig();
  const Ports = [{ Protocol: "tcp", TargetPort: 80, PublishMode: "ingress" }] as const;
  const spec = {
    ...aSpec({ endpoint: { Ports }, constraints: ["node.hostname==n1"] }),
    Labels: { "skein.publish.affinity": "client-ip" },
  };
  await all.store.transact((tx) => createService(tx, { id: "web", spec }));
  await all.clock.settle();
  expect(news(all.agents.n3).at(-1)?.portChanges?.changed).toEqual([
    {
      protocol: "tcp",
      port: 30_000,
      targetPort: 80,
      serviceId: "web",
      localOnly: false,
      clientAffinity: true,
      addresses: [],
    },
  ]);
});

test("what a task changes is told alone, as one object for all nodes of the network", async () => {
  const all = await rig();
  const { store, clock, agents } = all;
  await create(all, 40);
  const [task] = store.view.tasksOfService("web").values();
  const before = agents.n1.got.length;
  await store.transact((tx) => {
    const now = tx.get("tasks", task?.id ?? "");
    if (now) tx.put("tasks", { ...now, status: { ...now.status, state: "running" } });
  });
  await clock.settle();
  const message = news(agents.n1).at(-1);
  expect(message).toMatchObject({
    kind: "delta",
    networks: [],
    removed: [],
    changes: [{ endpoints: { changed: [{ id: task?.id, active: true }], removed: [] } }],
  });
  expect(news(agents.n2).at(-1)).toBe(message);
  expect(agents.n1.got.slice(before).filter(({ type }) => type === "networks")).toHaveLength(1);
  await store.transact((tx) => {
    const now = tx.get("tasks", task?.id ?? "");
    if (now) tx.put("tasks", { ...now, status: { ...now.status, message: "still running" } });
  });
  await clock.settle();
  expect(news(agents.n1).at(-1)).toBe(message);
});

test("a task that never got connections need not be taken out by anybody", async () => {
  const all = await rig();
  const { store, clock, agents } = all;
  await create(all, 2);
  await store.transact((tx) => {
    const web = tx.get("services", "web");
    if (web) tx.put("services", { ...web, spec: aSpec({ replicas: 0, networks: ["back"] }) });
  });
  await clock.settle();
  expect(agents.n1.got.some(({ type }) => type === "withdrawn")).toBe(true);
});

test("a node that comes while others change misses none of it", async () => {
  const all = await rig();
  const { store, clock, connect } = all;
  await create(all, 3);
  const coming = connect("n1");
  for (const task of store.view.tasksOfService("web").values()) {
    void store.transact((tx) =>
      tx.put("tasks", { ...task, status: { ...task.status, state: "running" } }),
    );
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
  await clock.settle();
  const heard = news(await coming);
  expect(heard.map(({ kind }) => kind).slice(0, 2)).toEqual(["full", "delta"]);
  expect(follow(heard).endpoints.map(({ active }) => active)).toEqual([true, true, true]);
});

test("an agent of protocol 1 gets whole tables of its own, and nothing that it does not know", async () => {
  const all = await rig();
  const old = await all.connect("n1", 1);
  await create(all, 2);
  const known = ["welcome", "cluster", "networks", "assignments"];
  expect(old.got.map(({ type }) => type).filter((type) => !known.includes(type))).toEqual([]);
  const told = news(old) as readonly unknown[] as readonly WholeNetworks[];
  expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(["full"]));
  const last = told.at(-1);
  expect(last).toMatchObject({ underlay: "10.9.0.1", dataPathPort: 4789, removed: [], ports: [] });
  expect(last).not.toHaveProperty("changes");
  const back = last?.networks.find(({ name }) => name === "back");
  expect(back?.subnets).toEqual([{ subnet: "10.0.5.0/24", gateway: expect.any(String) }]);
  expect(back?.subnets[0]?.gateway).not.toBe("");
  expect(back?.peers.map(({ nodeId }) => nodeId)).toEqual(["n2"]);
  expect(back?.endpoints).toHaveLength(2);
});

const report = async ({ store, clock, agents }: Rig, taskId: string): Promise<void> => {
  agents[store.view.get("tasks", taskId)?.nodeId === "n1" ? "n1" : "n2"].port.receive({
    type: "statuses",
    sequence: 1,
    statuses: [{ taskId, status: { state: "running", timestamp: 1, message: "" } }],
  });
  await clock.settle();
};

/** A service whose only task ran on a node that is missed since; its other is not running yet. */
const missed = async () => {
  const all = await rig();
  const { store, clock, agents } = all;
  await create(all, 1);
  const [task] = store.view.tasksOfService("web").values();
  const id = task?.id ?? "";
  const [home, other] = task?.nodeId === "n1" ? (["n1", "n2"] as const) : (["n2", "n1"] as const);
  await report(all, id);
  agents[home].port.closed();
  for (let second = 0; second < 12; second += 1) {
    agents[other].port.receive({ type: "heartbeat" });
    agents.n3.port.receive({ type: "heartbeat" });
    await clock.advance(1_000);
  }
  expect(store.view.get("nodes", home)?.status.state).toBe("down");
  expect(store.view.get("tasks", id)?.desiredState).toBe("shutdown");
  const [successor = ""] = [...store.view.tasksOfService("web").keys()].filter((one) => one !== id);
  const active = (): readonly string[] =>
    follow(news(agents[other]))
      .endpoints.filter((endpoint) => endpoint.active)
      .map((endpoint) => endpoint.id);
  return { all, id, successor, home, active };
};

test("the task of a missed node stays in the tables until another runs, and does not come back", async () => {
  const { all, id, successor, active } = await missed();
  expect(active()).toEqual([id]);
  await report(all, successor);
  expect(active()).toEqual([successor]);
  await all.store.transact((tx) => {
    const task = tx.get("tasks", successor);
    if (task) tx.put("tasks", { ...task, status: { ...task.status, state: "failed" } });
  });
  await all.clock.settle();
  expect(active()).toEqual([]);
});

test("the task of a missed node leaves the tables when the node is back, for it is stopped there", async () => {
  const { all, id, home, active } = await missed();
  expect(active()).toEqual([id]);
  await all.connect(home);
  expect(active()).toEqual([]);
});

test("the task of a missed node leaves the tables with its service", async () => {
  const { all, id, active } = await missed();
  expect(active()).toEqual([id]);
  await all.store.transact((tx) => tx.delete("services", "web"));
  await all.clock.settle();
  expect(active()).toEqual([]);
});
