// Goal: tasks that end by themselves are replaced as their policy says (behaviour.md, section 8).
// Method: virtual time; containers that crash or exit as each test says.
import { describe, expect, test } from "vitest";
import type { Fate } from "../testing/agent.ts";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const nodes = [aNode("n1"), aNode("n2")];

/** Lets the tasks of the given order of creation meet their fates; all others run. */
const fates =
  (cluster: TestCluster, list: readonly Fate[]) =>
  ({ id }: { readonly id: string }): Fate => {
    const order = cluster.tasks().toSorted((a, b) => a.createdAt - b.createdAt);
    return list[order.findIndex((task) => task.id === id)] ?? "run";
  };

const conditions = [
  { condition: "any", fate: "crash", replaced: true },
  { condition: "any", fate: "exit", replaced: true },
  { condition: "any", fate: "reject", replaced: true },
  { condition: "on-failure", fate: "crash", replaced: true },
  { condition: "on-failure", fate: "exit", replaced: false },
  { condition: "none", fate: "crash", replaced: false },
  { condition: "none", fate: "exit", replaced: false },
] as const;

describe("condition", () => {
  test.each(conditions)("$condition after $fate: replaced $replaced", async (row) => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = fates(cluster, [row.fate]);
    await cluster.create("web", { restart: { condition: row.condition } });
    await cluster.pass(60_000);
    expect(cluster.tasks()).toHaveLength(row.replaced ? 2 : 1);
    expect(cluster.tasks().at(0)).toMatchObject({
      desiredState: "shutdown",
      stopReason: row.replaced ? "restarted" : "ended",
    });
    expect(cluster.running()).toHaveLength(row.replaced ? 1 : 0);
  });

  test("an ended task fills its slot through changes and leaders, until the spec changes", async () => {
    const cluster = await TestCluster.open({ nodes });
    const restart = { condition: "none" } as const;
    cluster.fate = fates(cluster, ["crash", "crash"]);
    await cluster.create("web", { replicas: 2, restart });
    await cluster.settle();
    await cluster.update("web", { replicas: 2, restart, labels: { a: "b" } });
    await cluster.changeLeader();
    await cluster.pass(60_000);
    expect(cluster.tasks()).toHaveLength(2);
    await cluster.update("web", { replicas: 2, restart, image: "app:2" });
    await cluster.pass(60_000);
    expect(cluster.running()).toHaveLength(2);
    expect(cluster.service().update?.state).toBe("completed");
  });
});

describe("delay", () => {
  test("the replacement is prepared at once and started when the delay is over", async () => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = fates(cluster, ["crash"]);
    await cluster.create("web", { restart: { delay: 7000 } });
    await cluster.settle();
    expect(cluster.wanted()).toMatchObject([
      { desiredState: "ready", status: { state: "ready" }, restartOf: cluster.tasks().at(0)?.id },
    ]);
    expect(cluster.wakeAt).toBe(cluster.now + 7000);
    await cluster.changeLeader();
    await cluster.pass(6999);
    expect(cluster.running()).toEqual([]);
    await cluster.pass(1);
    expect(cluster.running()).toHaveLength(1);
  });

  test("a task that ends during its delay is replaced after it: one attempt per delay", async () => {
    const cluster = await TestCluster.open({ nodes, historyLimit: -1 });
    cluster.fate = () => "reject";
    await cluster.create("web", { restart: { delay: 1000 } });
    await cluster.pass(10_500);
    expect(cluster.tasks()).toHaveLength(12);
  });

  test("a clock that goes back makes nobody wait for it", async () => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = fates(cluster, ["crash"]);
    await cluster.create("web", { restart: { delay: 7000 } });
    await cluster.settle();
    cluster.now -= 900_000;
    await cluster.wake();
    await cluster.settle();
    expect(cluster.running()).toHaveLength(1);
  });

  test("without a policy it is 5 seconds", async () => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = fates(cluster, ["fail"]);
    await cluster.create("web");
    await cluster.settle();
    expect(cluster.wakeAt).toBe(cluster.now + 5000);
  });

  test("a task that ended while nobody led is replaced by the time it ended", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { restart: { delay: 5000 } });
    await cluster.settle();
    const task = cluster.tasks().at(0);
    await cluster.edit((tx) => {
      if (!task) return;
      const status = { state: "failed", timestamp: cluster.now, message: "" } as const;
      tx.put("tasks", { ...task, status, appliedAt: cluster.now - 6000 });
    });
    expect(cluster.wanted()).toMatchObject([{ desiredState: "running" }]);
  });
});

describe("attempts", () => {
  test("after the last one the slot stays empty, also for a new leader", async () => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = () => "crash";
    await cluster.create("web", { restart: { delay: 100, attempts: 2 } });
    await cluster.pass(10_000);
    await cluster.changeLeader();
    await cluster.pass(10_000);
    expect(cluster.tasks().map(({ stopReason }) => stopReason)).toEqual([
      "restarted",
      "restarted",
      "ended",
    ]);
  });

  test("a new version of the spec counts from the beginning", async () => {
    const cluster = await TestCluster.open({ nodes });
    const restart = { delay: 100, attempts: 1 };
    cluster.fate = () => "crash";
    await cluster.create("web", { restart });
    await cluster.pass(5000);
    expect(cluster.tasks()).toHaveLength(2);
    await cluster.update("web", { restart, image: "app:2" });
    await cluster.pass(5000);
    const { specVersion } = cluster.service();
    const ofVersion = cluster.tasks().filter((task) => task.specVersion === specVersion);
    expect(ofVersion.map(({ stopReason }) => stopReason)).toEqual(["restarted", "ended"]);
  });

  test.each([
    { pause: 400, replaced: false },
    { pause: 900, replaced: true },
  ])("with a window of 500 ms, a failure $pause ms later", async ({ pause, replaced }) => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { restart: { delay: 0, attempts: 1, window: 500 } });
    cluster.fate = ({ restartOf }) => (restartOf === undefined ? "crash" : "run");
    await cluster.settle();
    await cluster.pass(pause);
    const second = cluster.running().at(0);
    cluster.fate = ({ id }) => (id === second?.id ? "crash" : "run");
    await cluster.settle();
    expect(cluster.wanted()).toHaveLength(replaced ? 1 : 0);
  });

  test("losing nodes is no attempt", async () => {
    const cluster = await TestCluster.open({ nodes: [...nodes, aNode("n3")] });
    await cluster.create("web", { restart: { delay: 100, attempts: 1 } });
    await cluster.settle();
    for (let i = 0; i < 2; i += 1) {
      await cluster.setState(cluster.running().at(0)?.nodeId ?? "", "down");
      await cluster.settle();
    }
    expect(cluster.wanted()).toHaveLength(1);
    const now = cluster.wanted().at(0)?.id;
    cluster.fate = ({ id }) => (id === now ? "crash" : "run");
    await cluster.pass(1000);
    expect(cluster.wanted()).toMatchObject([{ restartOf: now, status: { state: "running" } }]);
  });
});
