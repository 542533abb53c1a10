// Goal: records go when nobody needs them, never while a container may run (behaviour.md, section 10).
// Method: tables of records on a store, and whole clusters in virtual time.
import type { TaskState } from "@skein/model";
import { describe, expect, test } from "vitest";
import { aCluster, aNode, aTask } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import { reapTasks } from "./reap.ts";

describe("a task that is to be removed", () => {
  test.each<{ readonly state: TaskState; readonly goes: boolean }>([
    { state: "new", goes: true },
    { state: "pending", goes: true },
    { state: "assigned", goes: false },
    { state: "running", goes: false },
    { state: "complete", goes: true },
    { state: "shutdown", goes: true },
    { state: "failed", goes: true },
    { state: "orphaned", goes: true },
  ])("$state: goes $goes", async ({ state, goes }) => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    await cluster.edit((tx) => {
      const status = { state, timestamp: 0, message: "" };
      tx.put("tasks", aTask("t", { nodeId: "n1", desiredState: "remove", status }));
      reapTasks(tx, "web");
      expect(tx.get("tasks", "t") === undefined).toBe(goes);
    });
  });
});

describe("history", () => {
  const crashing = async (historyLimit: number, attempts = 0): Promise<TestCluster> => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")], historyLimit });
    cluster.fate = () => "crash";
    await cluster.create("web", { replicas: 2, restart: { delay: 1000, attempts } });
    await cluster.pass(9500);
    return cluster;
  };

  test.each([
    { limit: 5, attempts: 0, left: 5 },
    { limit: 2, attempts: 0, left: 2 },
    { limit: 0, attempts: 0, left: 1 },
    { limit: -1, attempts: 0, left: 11 },
    { limit: 1, attempts: 3, left: 4 },
  ])("limit $limit, max attempts $attempts: $left per slot", async (row) => {
    const cluster = await crashing(row.limit, row.attempts);
    expect(cluster.tasks().map(({ slot }) => slot)).toEqual([
      ...Array.from({ length: row.left }, () => 1),
      ...Array.from({ length: row.left }, () => 2),
    ]);
  });

  test("the oldest go first", async () => {
    const cluster = await crashing(3);
    const ages = cluster.tasks().map(({ createdAt }) => createdAt);
    expect(Math.min(...ages)).toBe(cluster.now - 500 - 2000);
  });

  test("changing the limit looks at every slot at once", async () => {
    const cluster = await crashing(5);
    cluster.fate = () => "run";
    await cluster.pass(2000);
    await cluster.edit((tx) => tx.put("clusters", aCluster(1)));
    expect(cluster.tasks()).toHaveLength(2);
  });

  test("a last task that ended for good stays whatever the limit: it fills its slot", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")], historyLimit: 0 });
    cluster.fate = () => "exit";
    await cluster.create("web", { restart: { condition: "none" } });
    await cluster.pass(60_000);
    await cluster.update("web", { restart: { condition: "none" }, labels: { a: "b" } });
    await cluster.pass(60_000);
    expect(cluster.tasks()).toMatchObject([{ status: { state: "complete" } }]);
  });

  test("a task that still runs is never deleted, however old", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")], historyLimit: 1 });
    await cluster.create("web");
    await cluster.settle();
    const old = cluster.running().at(0)?.id;
    cluster.fate = ({ id }) => (id === old ? "stuck" : "crash");
    await cluster.update("web", { image: "app:2" });
    await cluster.pass(120_000);
    expect(cluster.view.get("tasks", old ?? "")?.status.state).toBe("running");
  });
});

describe("spec versions", () => {
  test("stay as long as a task or the service refers to them", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")], historyLimit: 2 });
    await cluster.create("web");
    await cluster.settle();
    const versions: number[] = [];
    for (const image of ["app:2", "app:3", "app:4"]) {
      await cluster.update("web", { image });
      await cluster.pass(10_000);
      versions.push(cluster.service().specVersion);
    }
    expect([...cluster.view.all("specs").keys()]).toEqual(
      versions.slice(1).map((version) => `web.${version}`),
    );
  });
});
