// Goal: what holds for every state. Method: random clusters, random histories, a pass after each step.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Task } from "@skein/model";
import { isTerminal } from "@skein/model";
import type { View } from "@skein/store";
import { Ledger } from "./ledger.ts";
import { occupiesNode } from "./node-load.ts";
import type { World } from "./testing.ts";
import { addTasks, aNode, newWorld } from "./testing.ts";

type Step =
  | {
      readonly do: "service";
      readonly service: number;
      readonly count: number;
      readonly shape: number;
    }
  | { readonly do: "node"; readonly node: number; readonly state: number; readonly zone: number }
  | { readonly do: "remove-node"; readonly node: number }
  | { readonly do: "end"; readonly pick: number; readonly state: number }
  | { readonly do: "unwanted"; readonly pick: number }
  | { readonly do: "delete"; readonly pick: number }
  | { readonly do: "forget" };

const small = fc.nat({ max: 5 });
const pick = fc.nat({ max: 200 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("service" as const),
      service: small,
      count: fc.integer({ min: 1, max: 6 }),
      shape: small,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("node" as const),
      node: small,
      state: small,
      zone: small,
    }),
  },
  fc.record({ do: fc.constant("remove-node" as const), node: small }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), pick, state: small }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("unwanted" as const), pick }) },
  fc.record({ do: fc.constant("delete" as const), pick }),
  fc.record({ do: fc.constant("forget" as const) }),
);

const gpu = (Value: number) => ({ DiscreteResourceSpec: { Kind: "gpu", Value } });
const shapes = [
  {},
  { Resources: { Reservations: { NanoCPUs: 15e8, MemoryBytes: 1024 ** 3 } } },
  { Placement: { MaxReplicas: 2 } },
  { Placement: { Constraints: ["node.labels.zone!=1"] } },
  { Placement: { Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }] } },
  { Resources: { Reservations: { GenericResources: [gpu(2)] } } },
] as const;
const names = ["a", "b", "c"].map((Value) => ({ NamedResourceSpec: { Kind: "gpu", Value } }));
const Resources = { NanoCPUs: 4e9, MemoryBytes: 8 * 1024 ** 3, GenericResources: names };
const hostPort = { Ports: [{ PublishMode: "host", Protocol: "tcp", PublishedPort: 80 }] } as const;

const pickTask = (view: View, index: number): Task | undefined => {
  const tasks = [...view.all("tasks").values()];
  return tasks[index % Math.max(1, tasks.length)];
};

const apply = (world: World, given: Step, nth: number): void => {
  world.now += 1000;
  const { view } = world;
  world.edit((tx) => {
    switch (given.do) {
      case "service": {
        const version = given.shape + 1;
        const endpoint = given.service === 1 ? { endpoint: hostPort } : {};
        addTasks(tx, `s${given.service}`, given.count, shapes[given.shape], {
          first: nth * 10,
          version,
          ...endpoint,
        });
        return;
      }
      case "node": {
        const availability = given.state === 1 ? "drain" : "active";
        const state = given.state === 2 ? "down" : "ready";
        const labels = { zone: String(given.zone % 3) };
        tx.put(
          "nodes",
          aNode(`n${given.node}`, { availability, state, labels, description: { Resources } }),
        );
        return;
      }
      case "remove-node":
        for (const task of view.tasksOfNode(`n${given.node}`).values())
          if (!isTerminal(task.status.state))
            tx.put("tasks", { ...task, status: { ...task.status, state: "orphaned" } });
        tx.delete("nodes", `n${given.node}`);
        return;
      case "end": {
        const task = pickTask(view, given.pick);
        const state = (
          ["running", "failed", "complete", "rejected", "shutdown", "running"] as const
        )[given.state];
        if (state && occupiesNode(task))
          tx.put("tasks", { ...task, status: { ...task.status, state }, appliedAt: world.now });
        return;
      }
      case "unwanted": {
        const task = pickTask(view, given.pick);
        if (task)
          tx.put("tasks", { ...task, desiredState: given.pick % 2 ? "shutdown" : "remove" });
        return;
      }
      case "delete": {
        const task = pickTask(view, given.pick);
        if (task) tx.delete("tasks", task.id);
        return;
      }
      case "forget":
        world.scheduler.reset();
    }
  });
};

const plain = (ledger: Ledger) => ({
  loads: [...ledger.loads.values()]
    .map((load) => ({
      id: load.id,
      node: load.node,
      numbers: [load.active, load.tasks, load.nanoCpus, load.memoryBytes, load.generic.free("gpu")],
      services: Object.fromEntries(load.activeByService),
      ports: Object.fromEntries(load.hostPorts),
      inBucket: load.rank < 0 || ledger.ranks.bucket(load.active).has(load.rank),
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  waiting: Object.fromEntries(
    [...ledger.waiting].map(([key, tasks]) => [key, new Set(tasks.keys())]),
  ),
  preassigned: new Set(ledger.preassigned.keys()),
  abandoned: new Set(ledger.abandoned.keys()),
});

const checkCapacity = (view: View): void => {
  for (const node of view.all("nodes").values()) {
    const tasks = [...view.tasksOfNode(node.id).values()].filter(occupiesNode);
    const reserved = tasks.map(
      (task) =>
        view.get("specs", `${task.serviceId}.${task.specVersion}`)?.task.Resources?.Reservations,
    );
    const cpus = reserved.reduce((sum, one) => sum + (one?.NanoCPUs ?? 0), 0);
    expect(cpus).toBeLessThanOrEqual(4e9);
    const held = tasks.flatMap(({ genericResources }) => genericResources ?? []);
    const gpus = held.map(({ NamedResourceSpec }) => NamedResourceSpec?.Value);
    expect(new Set(gpus).size).toBe(gpus.length);
    expect(tasks.filter(({ serviceId }) => serviceId === "s1").length).toBeLessThanOrEqual(1);
    const limited = tasks.filter(
      (task) => task.specVersion === 3 && task.desiredState === "running",
    );
    for (const { serviceId } of limited)
      expect(limited.filter((task) => task.serviceId === serviceId).length).toBeLessThanOrEqual(2);
  }
};

test("capacity, ports and names are never given twice; a second pass changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = await newWorld();
      for (const [nth, given] of steps.entries()) {
        apply(world, given, nth + 1);
        world.schedule();
        checkCapacity(world.view);
        expect(world.schedule()).toEqual([]);
      }
    }),
    { numRuns: 150 },
  );
});

test("what the scheduler keeps equals what it would derive anew", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const kept = new Ledger();
      const world = await newWorld((changes) => {
        kept.observe(changes);
        kept.observe(changes); // twice does no harm
      });
      for (const [nth, given] of steps.entries()) {
        apply(world, given, nth + 1);
        world.schedule();
        expect(plain(kept)).toEqual(plain(Ledger.of(world.view)));
      }
    }),
    { numRuns: 150 },
  );
});

test("a scheduler that remembers decides as one that starts anew, whatever the order of writes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer(), async (steps, seed) => {
      const [first, second] = [await newWorld(), await newWorld()];
      for (const [nth, given] of steps.entries()) {
        apply(first, given, nth + 1);
        apply(second, given, nth + 1);
        second.scheduler.reset();
        shuffleRows(second, seed);
        const decided = (world: World) =>
          Object.fromEntries(
            [...world.view.all("tasks").values()].map((task) => [
              task.id,
              // Which reason comes first may be older: a task that waits is looked at again when room is
              // made, not when more of it is taken.
              [
                task.nodeId,
                task.status.state,
                task.status.err !== undefined,
                task.genericResources,
              ],
            ]),
          );
        first.schedule();
        second.schedule();
        expect(decided(second)).toEqual(decided(first));
      }
    }),
    { numRuns: 100 },
  );
});

/** Takes all rows out and puts them back in another order. Times of creation are kept equal by the world. */
const shuffleRows = (world: World, seed: number): void => {
  world.edit((tx) => {
    const rows = [...tx.all("nodes").values()];
    for (const { id } of rows) tx.delete("nodes", id);
    for (const row of seed % 2 === 0 ? rows.toReversed() : rows) tx.put("nodes", row);
  });
};
