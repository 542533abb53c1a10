// Goal: whatever happens, the loops stay safe, change nothing twice, and reach the goal when faults end.
// Method: random scripts of people, nodes, containers and leaders against the real pipeline, with
// checks after every batch, and a fresh leader (who knows only the state) after every step.
import { seededRandom, silentLogger } from "@skein/base";
import type { Service, Task } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { swapSpecs } from "../service-spec.ts";
import type { Fate } from "../testing/agent.ts";
import type { ServiceWish } from "../testing/builders.ts";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import { reconcileService } from "./reconcile.ts";
import { isAlive, isLive } from "./slots.ts";

const nodeIds = ["n1", "n2", "n3", "n4"] as const;
const names = ["a", "b"] as const;

const order = fc.constantFrom("stop-first" as const, "start-first" as const);
const update = fc.record({
  parallelism: fc.integer({ min: 0, max: 2 }),
  delay: fc.constantFrom(0, 3000),
  monitor: fc.constantFrom(1000, 5000),
  ratio: fc.constantFrom(0, 0.5),
  action: fc.constantFrom("pause" as const, "continue" as const, "rollback" as const),
  order,
});
const mode = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.integer({ min: 0, max: 5 }).map((n) => ({ Replicated: { Replicas: n } })),
  },
  { weight: 2, arbitrary: fc.constant({ Global: {} }) },
  {
    weight: 1,
    arbitrary: fc.constant({ ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 4 } }),
  },
  { weight: 1, arbitrary: fc.constant({ GlobalJob: {} }) },
);
const wish: fc.Arbitrary<ServiceWish> = fc.record({
  mode,
  image: fc.constantFrom("x:1", "x:2", "x:3"),
  constraints: fc.constantFrom([], ["node.id!=n1"], ["node.labels.z==1"]),
  restart: fc.record({
    condition: fc.constantFrom("any" as const, "on-failure" as const, "none" as const),
    delay: fc.constantFrom(500, 5000),
    attempts: fc.constantFrom(0, 2),
  }),
  update,
  rollback: update,
});

/** The title is for the report of a failing script. */
interface Step {
  readonly title: string;
  readonly run: (cluster: TestCluster) => Promise<unknown>;
}

const step = (title: string, run: Step["run"]): Step => ({ title, run });

const named = fc.constantFrom(...names);
const nodeId = fc.constantFrom(...nodeIds);

/** Keeps the mode, as the API does. */
const change = (id: string, next: ServiceWish): Step =>
  step(`change ${id} ${JSON.stringify(next)}`, async (cluster) => {
    const service = cluster.view.get("services", id);
    if (!service) return cluster.create(id, next);
    const same = Object.keys(service.spec.Mode).join() === Object.keys(next.mode ?? {}).join();
    return cluster.update(id, same ? next : { ...next, mode: service.spec.Mode });
  });

const rollBack = (id: string): Step =>
  step(`roll back ${id}`, (cluster) =>
    cluster.edit((tx) => {
      const service = tx.get("services", id);
      if (service?.previousSpec) swapSpecs(tx, service);
    }),
  );

const removeService = (id: string): Step =>
  step(`remove ${id}`, (cluster) => cluster.edit((tx) => tx.delete("services", id)));

const removeNode = (id: string): Step =>
  step(`remove ${id}`, (cluster) => cluster.edit((tx) => tx.delete("nodes", id)));

const putNode = (id: string, labels: Record<string, string>): Step =>
  step(`put ${id} ${JSON.stringify(labels)}`, (cluster) =>
    cluster.edit((tx) => tx.put("nodes", aNode(id, { labels }))),
  );

const spoil = (fate: Fate, share: number): Step =>
  step(`one in ${share} will ${fate}`, (cluster) => {
    cluster.fate = ({ id }) => ((id.codePointAt(5) ?? 0) % share === 0 ? fate : "run");
    return Promise.resolve();
  });

const agents = step("agents", (cluster) => cluster.step());
const pass = (ms: number): Step => step(`pass ${ms}`, (cluster) => cluster.pass(ms));

const calmStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(named, wish).map(([id, next]) => change(id, next)) },
  { weight: 1, arbitrary: named.map(rollBack) },
  { weight: 1, arbitrary: named.map(removeService) },
  { weight: 5, arbitrary: fc.constant(agents) },
  { weight: 4, arbitrary: fc.constantFrom(100, 3000, 20_000).map(pass) },
);

const availability = fc.constantFrom("active" as const, "pause" as const, "drain" as const);
const nodeState = fc.constantFrom("ready" as const, "down" as const, "unknown" as const);
const labels = fc.constantFrom<Record<string, string>>({}, { z: "1" });
const fate = fc.constantFrom<Fate>("crash", "reject", "fail", "exit", "stuck", "hang");

const wildStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: calmStep },
  {
    weight: 1,
    arbitrary: fc
      .tuple(nodeId, availability)
      .map(([id, what]) => step(`${what} ${id}`, (cluster) => cluster.setAvailability(id, what))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(nodeId, nodeState)
      .map(([id, what]) => step(`${what} ${id}`, (cluster) => cluster.setState(id, what))),
  },
  { weight: 1, arbitrary: nodeId.map(removeNode) },
  { weight: 1, arbitrary: fc.tuple(nodeId, labels).map(([id, given]) => putNode(id, given)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fate, fc.integer({ min: 1, max: 3 }))
      .map(([what, share]) => spoil(what, share)),
  },
);

const slotKey = (service: Service, task: Task): string =>
  service.spec.Mode.Global || service.spec.Mode.GlobalJob
    ? `${service.id}/${task.nodeId}`
    : `${service.id}/${task.slot}`;

const countBy = (tasks: readonly Task[], key: (task: Task) => string): readonly number[] => {
  const counts = new Map<string, number>();
  for (const task of tasks) counts.set(key(task), (counts.get(key(task)) ?? 0) + 1);
  return [...counts.values()];
};

/** Holds after every batch, whatever happens. */
const checkSafety = (view: View): void => {
  for (const service of view.all("services").values()) {
    const tasks = [...view.tasksOfService(service.id).values()].filter(isLive);
    const key = (task: Task): string => slotKey(service, task);
    const running = tasks.filter(({ status }) => status.state === "running");
    expect(Math.max(0, ...countBy(running, key))).toBeLessThanOrEqual(1);
    expect(Math.max(0, ...countBy(tasks, key))).toBeLessThanOrEqual(2);
    const { Replicated, ReplicatedJob } = service.spec.Mode;
    if (Replicated)
      expect(new Set(tasks.map(key)).size).toBeLessThanOrEqual(Replicated.Replicas ?? 1);
    if (ReplicatedJob)
      expect(tasks.filter(({ status }) => status.state !== "complete").length).toBeLessThanOrEqual(
        2,
      );
  }
  for (const { stopReason, desiredState } of view.all("tasks").values())
    expect(stopReason !== undefined).toBe(desiredState === "shutdown" || desiredState === "remove");
};

/** A second look in the same transaction changes nothing. */
const checkIdempotence = (tx: Transaction): void => {
  const mark = tx.mark();
  const context = { random: seededRandom(1), logger: silentLogger };
  for (const id of tx.all("services").keys()) reconcileService(tx, id, context);
  expect(tx.changesSince(mark)).toEqual([]);
};

const open = (inspect: (tx: Transaction) => void): Promise<TestCluster> =>
  TestCluster.open({
    nodes: nodeIds.map((id) => aNode(id, { labels: id === "n2" ? { z: "1" } : {} })),
    inspect,
  });

const heal = async (cluster: TestCluster): Promise<void> => {
  cluster.fate = ({ jobIteration }) => (jobIteration === undefined ? "run" : "exit");
  await cluster.edit((tx) => {
    for (const id of nodeIds) tx.put("nodes", aNode(id, { labels: { z: "1" } }));
  });
  await cluster.pass(600_000);
};

const gaveUp = ({ stopReason }: Task): boolean => stopReason === "ended";

/** Every slot runs what it should, or was given up by its policy. */
const checkGoal = (cluster: TestCluster, service: Service): void => {
  const { id, spec, update: progress } = service;
  const tasks = cluster.tasks(id);
  const settled = tasks.filter(
    (task) =>
      gaveUp(task) || (isAlive(task) && ["running", "complete"].includes(task.status.state)),
  );
  const filled = new Set(settled.map((task) => slotKey(service, task))).size;
  const eligible = (spec.TaskTemplate.Placement?.Constraints ?? []).includes("node.id!=n1") ? 3 : 4;
  const { Replicated, ReplicatedJob } = spec.Mode;
  expect(filled).toBeGreaterThanOrEqual(
    Replicated?.Replicas ?? ReplicatedJob?.TotalCompletions ?? eligible,
  );
  expect(progress?.state).not.toBe("updating");
  expect(progress?.state).not.toBe("rollback_started");
  for (const task of tasks) expect(isLive(task) && task.status.state !== "running").toBe(false);
};

const run = async (cluster: TestCluster, steps: readonly Step[]): Promise<void> => {
  for (const next of steps) {
    await next.run(cluster);
    await cluster.changeLeader();
    expect(cluster.planned).toEqual([]);
    expect(cluster.wakeAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(cluster.now);
  }
};

test("safe at every batch, idempotent, and at the goal once faults end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wildStep, { minLength: 5, maxLength: 40 }), async (steps) => {
      const cluster = await open((tx) => {
        checkSafety(tx);
        checkIdempotence(tx);
      });
      await run(cluster, steps);
      await heal(cluster);
      for (const service of cluster.view.all("services").values()) checkGoal(cluster, service);
      expect(cluster.wakeAt).toBeUndefined();
    }),
    { numRuns: 60 },
  );
}, 60_000);

/** How many slots of each service run nothing. */
const idleSlots = (view: View, service: Service): number => {
  const running = [...view.tasksOfService(service.id).values()].filter(
    (task) => isLive(task) && task.status.state === "running",
  );
  return (service.spec.Mode.Replicated?.Replicas ?? 0) - running.length;
};

test("without faults, an update never has more slots down than its parallelism", async () => {
  const updates = fc.array(fc.record({ image: fc.constantFrom("x:1", "x:2", "x:3"), update }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), updates, async (replicas, list) => {
      let checking = false;
      const cluster = await open((tx) => {
        if (!checking) return;
        for (const service of tx.all("services").values()) {
          const { Parallelism = 1, Order } = service.spec.UpdateConfig ?? {};
          const all = Parallelism === 0 ? replicas : Parallelism;
          const allowed = Order === "start-first" ? 0 : all;
          expect(idleSlots(tx, service)).toBeLessThanOrEqual(allowed);
          const slots = [...tx.tasksOfService(service.id).values()].filter(
            ({ status }) => status.state === "running",
          );
          const most = Math.max(0, ...countBy(slots, ({ slot }) => String(slot)));
          expect(most).toBeLessThanOrEqual(Order === "start-first" ? 2 : 1);
        }
      });
      await cluster.create("a", { replicas });
      await cluster.settle();
      checking = true;
      for (const next of list) {
        await cluster.update("a", { replicas, ...next });
        await cluster.pass(120_000);
        expect(cluster.images("a")).toEqual([next.image]);
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
