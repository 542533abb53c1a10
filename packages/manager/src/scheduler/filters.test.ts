// Goal: each filter refuses what it must and nothing else, and says so in the reference's words.
// Method: one good and one bad node; the task must go to the good one, and without it must wait.
import { expect, test } from "vitest";
import type { EndpointSpec, NodeDescription, TaskSpec } from "@skein/wire";
import type { NodeOptions } from "./testing.ts";
import { addTasks, aNode, newWorld } from "./testing.ts";

interface Case {
  readonly name: string;
  readonly bad: NodeOptions;
  readonly good?: NodeOptions;
  readonly spec?: Partial<TaskSpec>;
  readonly endpoint?: EndpointSpec;
  readonly text: string;
}

const plugins = (...names: readonly string[]): NodeOptions => {
  const Plugins = names.map((name) => {
    const [Type = "", Name = ""] = name.split("/");
    return { Type, Name };
  });
  return { description: { Engine: { Plugins } } };
};
const resources = (Resources: NodeDescription["Resources"]): NodeOptions => ({
  description: { Resources },
});
const reserve = (Reservations: NodeDescription["Resources"]): Partial<TaskSpec> => ({
  Resources: { Reservations },
});
const volume = (Name: string): Partial<TaskSpec> => ({
  ContainerSpec: { Mounts: [{ Type: "volume", VolumeOptions: { DriverConfig: { Name } } }] },
});
const platform = (Architecture: string, OS: string): Partial<TaskSpec> => ({
  Placement: { Platforms: [{ Architecture, OS }] },
});

const notReady = "1 node not available for new tasks";
const noRoom = "insufficient resources on 1 node";
const noPlugin = "missing plugin on 1 node";
const cases: readonly Case[] = [
  { name: "drained", bad: { availability: "drain" }, text: notReady },
  { name: "paused", bad: { availability: "pause" }, text: notReady },
  { name: "down", bad: { state: "down" }, text: notReady },
  { name: "suspect", bad: { state: "disconnected" }, text: notReady },
  {
    name: "cpus",
    bad: resources({ NanoCPUs: 1e9 }),
    spec: reserve({ NanoCPUs: 2e9 }),
    text: noRoom,
  },
  {
    name: "memory",
    bad: resources({ MemoryBytes: 9 }),
    spec: reserve({ MemoryBytes: 10 }),
    text: noRoom,
  },
  {
    name: "generic count",
    bad: resources({ GenericResources: [{ DiscreteResourceSpec: { Kind: "ssd", Value: 1 } }] }),
    good: resources({ GenericResources: [{ DiscreteResourceSpec: { Kind: "ssd", Value: 2 } }] }),
    spec: reserve({ GenericResources: [{ DiscreteResourceSpec: { Kind: "ssd", Value: 2 } }] }),
    text: noRoom,
  },
  {
    name: "volume driver",
    bad: plugins("Volume/local"),
    good: plugins("Volume/nfs:latest"),
    spec: volume("nfs"),
    text: noPlugin,
  },
  {
    name: "log driver",
    bad: plugins("Log/json-file"),
    good: plugins("Log/gelf"),
    spec: { LogDriver: { Name: "gelf" } },
    text: noPlugin,
  },
  {
    name: "constraint",
    bad: { labels: { zone: "b" } },
    good: { labels: { zone: "a" } },
    spec: { Placement: { Constraints: ["node.labels.zone==a"] } },
    text: "scheduling constraints not satisfied on 1 node",
  },
  {
    name: "platform",
    bad: { description: { Platform: { Architecture: "aarch64", OS: "linux" } } },
    spec: platform("amd64", "linux"),
    text: "unsupported platform on 1 node",
  },
];

const decide = async (nodes: Readonly<Record<string, NodeOptions>>, { spec, endpoint }: Case) => {
  const world = await newWorld();
  world.edit((tx) => {
    for (const [id, options] of Object.entries(nodes)) tx.put("nodes", aNode(id, options));
    addTasks(tx, "web", 1, spec, endpoint ? { endpoint } : {});
  });
  world.schedule();
  return world.task("web.1");
};

test.each(cases)("$name: the fit node is taken", async (given) => {
  const task = await decide({ bad: given.bad, good: given.good ?? {} }, given);
  expect(task.nodeId).toBe("good");
  expect(task.status).toMatchObject({
    state: "assigned",
    message: "scheduler assigned task to node",
  });
});

test.each(cases)("$name: without a fit node the task waits and says why", async (given) => {
  const task = await decide({ bad: given.bad }, given);
  expect(task.nodeId).toBeUndefined();
  expect(task.status.state).toBe("pending");
  expect(task.status.err).toBe(`no suitable node (${given.text})`);
});

test.each([
  [
    "an engine that does not list log plugins",
    plugins("Volume/local"),
    { LogDriver: { Name: "gelf" } },
  ],
  ["an engine that lists nothing", {}, volume("nfs")],
  ["the local volume driver", plugins("Volume/other"), volume("local")],
  ["no log driver", plugins("Log/x"), { LogDriver: { Name: "none" } }],
  ["an architecture by its other name", {}, platform("amd64", "")],
  ["any platform", {}, platform("", "")],
] as const)("%s passes", async (_, node, spec) => {
  const task = await decide({ node }, { name: "", bad: {}, spec, text: "" });
  expect(task.nodeId).toBe("node");
});

test("no node at all", async () => {
  const task = await decide({}, { name: "", bad: {}, text: "" });
  expect(task.status.err).toBe("no suitable node");
});

test("a port published in host mode is used once per node, other modes and protocols do not clash", async () => {
  const world = await newWorld();
  const port = (PublishMode: "host" | "ingress", Protocol: "tcp" | "udp"): EndpointSpec => ({
    Ports: [{ PublishMode, Protocol, PublishedPort: 80, TargetPort: 80 }],
  });
  world.edit((tx) => {
    tx.put("nodes", aNode("n1"));
    addTasks(tx, "a", 1, {}, { endpoint: port("host", "tcp") });
    addTasks(tx, "b", 2, {}, { endpoint: port("ingress", "tcp") });
    addTasks(tx, "c", 1, {}, { endpoint: port("host", "udp") });
    addTasks(tx, "d", 1, {}, { endpoint: port("host", "tcp") });
  });
  world.schedule();
  expect(world.spread()).toEqual({ n1: 4 });
  expect(world.task("d.1").status.err).toBe(
    "no suitable node (host-mode port already in use on 1 node)",
  );
  world.observe("a.1", "shutdown");
  world.schedule();
  expect(world.task("d.1").nodeId).toBe("n1");
});
