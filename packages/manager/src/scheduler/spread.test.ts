// Goal: preferences spread over label values. Method: tables of nodes, running tasks and new tasks.
import { expect, test } from "vitest";
import type { NodeOptions } from "./testing.ts";
import { addTasks, aNode, newWorld } from "./testing.ts";

const over = (...descriptors: readonly string[]) => ({
  Placement: {
    Preferences: descriptors.map((SpreadDescriptor) => ({ Spread: { SpreadDescriptor } })),
  },
});
const node = (
  labels: Readonly<Record<string, string>>,
  options: NodeOptions = {},
): NodeOptions => ({
  ...options,
  labels,
});
const a = node({ zone: "a" });
const b = node({ zone: "b" });

const rack = (zone: string, name: string): NodeOptions => node({ zone, rack: name });

test.each([
  ["4 tasks, 2 zones", { n1: a, n2: a, n3: b }, ["node.labels.zone"], 4, { n1: 1, n2: 1, n3: 2 }],
  ["prefix in capitals", { n1: a, n2: a, n3: b }, ["NODE.Labels.zone"], 4, { n1: 1, n2: 1, n3: 2 }],
  ["unknown descriptor", { n1: a, n2: a, n3: b }, ["node.zone"], 3, { n1: 1, n2: 1, n3: 1 }],
  [
    "no label is a value",
    { n1: a, n2: {}, n3: {} },
    ["node.labels.zone"],
    4,
    { n1: 2, n2: 1, n3: 1 },
  ],
  [
    "a zone without room leaves its share",
    { n1: node({ zone: "a" }, { availability: "drain" }), n2: b, n3: node({ zone: "c" }) },
    ["node.labels.zone"],
    6,
    { n1: 0, n2: 3, n3: 3 },
  ],
  [
    "two levels",
    { n1: rack("a", "1"), n2: rack("a", "1"), n3: rack("a", "2"), n4: rack("b", "1") },
    ["node.labels.zone", "node.labels.rack"],
    8,
    { n1: 1, n2: 1, n3: 2, n4: 4 },
  ],
] as const)("%s", async (_, nodes, descriptors, count, expected) => {
  const world = await newWorld();
  world.edit((tx) => {
    for (const [id, options] of Object.entries(nodes)) tx.put("nodes", aNode(id, options));
    addTasks(tx, "web", count, over(...descriptors));
  });
  world.schedule();
  expect(world.spread()).toEqual(expected);
});

test("tasks that run count, and none is moved", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    tx.put("nodes", aNode("n1", a));
    tx.put("nodes", aNode("n2", a));
    addTasks(tx, "web", 4, over("node.labels.zone"));
  });
  world.schedule();
  world.edit((tx) => {
    tx.put("nodes", aNode("n3", b));
    tx.put("nodes", aNode("n4", node({ zone: "c" })));
    addTasks(tx, "web", 5, over("node.labels.zone"), { first: 5 });
  });
  world.schedule();
  const { n1, n2, n3 = 0, n4 = 0 } = world.spread();
  expect([n1, n2]).toEqual([2, 2]);
  expect([Math.min(n3, n4), Math.max(n3, n4)]).toEqual([2, 3]);
});

test("engine labels", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    for (const [id, disk] of Object.entries({ n1: "ssd", n2: "ssd", n3: "hdd" }))
      tx.put("nodes", aNode(id, { description: { Engine: { Labels: { disk } } } }));
    addTasks(tx, "web", 2, over("engine.labels.disk"));
  });
  world.schedule();
  expect(world.spread()["n3"]).toBe(1);
});
