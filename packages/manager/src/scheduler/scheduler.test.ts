// Goal: whole passes. Method: build a state, run a pass, look at tasks.
import { expect, test } from "vitest";
import { addTasks, aNode, newWorld } from "./testing.ts";
import { explainPlacement } from "./explain.ts";

test("tasks spread evenly, busy nodes come last, and ties do not depend on the order of nodes", async () => {
  const ids = ["n1", "n2", "n3", "n4"];
  const placements = await Promise.all(
    [ids, ids.toReversed()].map(async (order) => {
      const world = await newWorld();
      world.edit((tx) => {
        for (const id of order) tx.put("nodes", aNode(id));
        addTasks(tx, "other", 2, { Placement: { Constraints: ["node.id==n1"] } });
      });
      world.schedule();
      world.edit((tx) => addTasks(tx, "web", 7));
      world.schedule();
      const { n1, ...others } = world.spread();
      expect(n1).toBe(2 + 1); // 7 = 2 + 2 + 2 + 1: the odd one is missing where other tasks are
      expect(others).toEqual({ n2: 2, n3: 2, n4: 2 });
      return [1, 2, 3, 4, 5, 6, 7].map((slot) => world.task(`web.${slot}`).nodeId);
    }),
  );
  expect(placements[0]).toEqual(placements[1]);
});

test("different services begin at different nodes", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    for (let i = 0; i < 50; i += 1) tx.put("nodes", aNode(`node-${i}`));
    for (let i = 0; i < 50; i += 1) addTasks(tx, `service-${i}`, 1);
  });
  world.schedule();
  expect(new Set(Object.values(world.spread()))).toEqual(new Set([1]));
});

test("refusals are counted for every node, also when some tasks were placed", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    for (const id of ["a", "b"]) tx.put("nodes", aNode(id));
    for (const id of ["c", "d", "e"]) tx.put("nodes", aNode(id, { availability: "drain" }));
    addTasks(tx, "web", 3, { Placement: { MaxReplicas: 1 } });
  });
  world.schedule();
  const waiting = [1, 2, 3].map((n) => world.task(`web.${n}`)).filter(({ nodeId }) => !nodeId);
  expect(waiting.map(({ status }) => status.err)).toEqual([
    "no suitable node (3 nodes not available for new tasks; max replicas per node limit exceed)",
  ]);
});

test("equal counts come in the order of the filters", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    tx.put("nodes", aNode("a", { labels: { x: "no" } }));
    tx.put("nodes", aNode("b", { description: { Resources: {} } }));
    tx.put("nodes", aNode("c", { state: "down" }));
    const Placement = { Constraints: ["node.labels.x!=no"] };
    addTasks(tx, "web", 1, { Placement, Resources: { Reservations: { NanoCPUs: 1e9 } } });
  });
  world.schedule();
  expect(world.task("web.1").status.err).toBe(
    "no suitable node (1 node not available for new tasks; insufficient resources on 1 node; scheduling constraints not satisfied on 1 node)",
  );
  expect(explainPlacement(world.view, "web.1")).toEqual([
    { nodeId: "a", hostname: "a", filter: "constraints", reason: "constraints node.labels.x!=no" },
    { nodeId: "b", hostname: "b", filter: "resources", reason: "needs 1 CPUs, 0 of 0 are free" },
    { nodeId: "c", hostname: "c", filter: "ready", reason: "node is down" },
  ]);
});

test("a task made for one node goes there or says why, without a prefix", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    tx.put("nodes", aNode("a"));
    tx.put("nodes", aNode("b"));
    const Reservations = { NanoCPUs: 3e9 };
    addTasks(tx, "big", 1, { Resources: { Reservations } }, { nodeId: "a" });
    addTasks(tx, "big", 1, { Resources: { Reservations } }, { nodeId: "a", first: 2 });
  });
  world.schedule();
  expect(world.task("big.1").status.message).toBe(
    "scheduler confirmed task can run on preassigned node",
  );
  expect(world.task("big.2").status).toMatchObject({
    state: "pending",
    err: "insufficient resources on 1 node",
  });
  world.observe("big.1", "complete");
  world.schedule();
  expect(world.task("big.2").status.state).toBe("assigned");
  expect(world.task("big.2").status.err).toBeUndefined();
});

test("nothing is written twice, and waiting tasks are tried again when a node comes back", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    tx.put("nodes", aNode("a", { state: "down" }));
    addTasks(tx, "web", 2);
  });
  expect(world.schedule()).toHaveLength(2);
  expect(world.schedule()).toHaveLength(0);
  world.edit((tx) => tx.put("nodes", aNode("a", { state: "down" })));
  expect(world.schedule()).toHaveLength(0);
  world.edit((tx) => tx.put("nodes", aNode("a")));
  expect(world.schedule()).toHaveLength(2);
  expect(world.spread()).toEqual({ a: 2 });
});

test("a task that is not wanted any more before it had a node has ended", async () => {
  const world = await newWorld();
  world.edit((tx) => addTasks(tx, "web", 2));
  world.schedule();
  world.edit((tx) => {
    tx.put("tasks", { ...world.task("web.1"), desiredState: "shutdown" });
    tx.put("tasks", { ...world.task("web.2"), desiredState: "remove" });
  });
  world.schedule();
  expect(world.task("web.1").status).toMatchObject({ state: "shutdown" });
  expect(world.task("web.1").status.err).toBeUndefined();
  expect(world.task("web.2").status.state).toBe("pending"); // its record goes away by itself
});

test("names of generic resources are given once, also after the scheduler forgot everything", async () => {
  const world = await newWorld();
  const gpus = ["x", "y", "z"].map((Value) => ({ NamedResourceSpec: { Kind: "gpu", Value } }));
  const Reservations = { GenericResources: [{ DiscreteResourceSpec: { Kind: "gpu", Value: 1 } }] };
  world.edit((tx) => {
    tx.put("nodes", aNode("a", { description: { Resources: { GenericResources: gpus } } }));
    addTasks(tx, "web", 2, { Resources: { Reservations } });
  });
  world.schedule();
  world.observe("web.1", "complete");
  world.scheduler.reset();
  world.edit((tx) => addTasks(tx, "web", 3, { Resources: { Reservations } }, { first: 3 }));
  world.schedule();
  const names = [2, 3, 4, 5].map(
    (slot) => world.task(`web.${slot}`).genericResources?.[0]?.NamedResourceSpec?.Value,
  );
  expect(names).toEqual(["y", "x", "z", undefined]);
});

test("a node where tasks of this version failed five times in five minutes is avoided", async () => {
  const world = await newWorld();
  world.edit((tx) => {
    tx.put("nodes", aNode("a"));
    tx.put("nodes", aNode("b", { availability: "pause" }));
    addTasks(tx, "web", 5);
  });
  world.schedule();
  for (let slot = 1; slot <= 5; slot += 1) world.observe(`web.${slot}`, "failed");
  world.edit((tx) => {
    tx.put("nodes", aNode("b"));
    addTasks(tx, "web", 4, {}, { first: 6 });
    addTasks(tx, "other", 2);
  });
  world.schedule();
  const nodes = [6, 7, 8, 9].map((slot) => world.task(`web.${slot}`).nodeId);
  expect(nodes).toEqual(["b", "b", "b", "b"]);
  expect(new Set([1, 2].map((slot) => world.task(`other.${slot}`).nodeId))).toEqual(
    new Set(["a", "b"]),
  );
  world.now += 5 * 60_000 + 1;
  world.edit((tx) => addTasks(tx, "web", 1, {}, { first: 10 }));
  world.schedule();
  expect(world.task("web.10").nodeId).toBe("a");
});
