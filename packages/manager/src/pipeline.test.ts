// Goal: one change and all that follows from it are one batch; the loops need only the state.
// Method: the real pipeline on a memory log, in virtual time.
import { silentLogger } from "@skein/base";
import { describe, expect, test } from "vitest";
import { aNode } from "./testing/builders.ts";
import { TestCluster } from "./testing/test-cluster.ts";

const threeNodes = [aNode("n1"), aNode("n2"), aNode("n3")];

describe("one tick, one commit", () => {
  test("creating a service gives each replica a node in the same batch", async () => {
    const cluster = await TestCluster.open({ nodes: threeNodes });
    const { version } = await cluster.create("web", { replicas: 6 });
    const tasks = cluster.tasks();
    expect(tasks.map(({ slot }) => slot)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const task of tasks) {
      expect(task).toMatchObject({ version, desiredState: "running" });
      expect(task.status).toMatchObject({
        state: "assigned",
        message: "scheduler assigned task to node",
      });
    }
    const perNode = threeNodes.map(({ id }) => cluster.view.tasksOfNode(id).size);
    expect(perNode).toEqual([2, 2, 2]);
  });

  test("without a node tasks are pending and say why", async () => {
    const cluster = await TestCluster.open();
    await cluster.create("web", { replicas: 2 });
    expect(cluster.tasks().map(({ status }) => status)).toMatchObject([
      { state: "pending", message: "pending task scheduling", err: "no suitable node" },
      { state: "pending", message: "pending task scheduling", err: "no suitable node" },
    ]);
    await cluster.edit((tx) => tx.put("nodes", aNode("n1")));
    expect(cluster.tasks().map(({ nodeId }) => nodeId)).toEqual(["n1", "n1"]);
  });

  test("10,000 replicas on 100 nodes come in one batch, each with a node", async () => {
    const nodes = Array.from({ length: 100 }, (_, i) => aNode(`n${i}`));
    const cluster = await TestCluster.open({ nodes });
    const { version } = await cluster.create("web", { replicas: 10_000 });
    expect(cluster.tasks()).toHaveLength(10_000);
    expect(cluster.tasks().every((task) => task.version === version && task.nodeId)).toBe(true);
  });
});

describe("level-triggered", () => {
  test("once at rest, a new leader changes nothing", async () => {
    const cluster = await TestCluster.open({ nodes: threeNodes });
    await cluster.create("web", { replicas: 3 });
    await cluster.create("agents", { mode: { Global: {} } });
    await cluster.settle();
    await cluster.changeLeader();
    expect(cluster.planned).toEqual([]);
  });

  test("tasks that an earlier leader left without a node are placed by the next", async () => {
    const cluster = await TestCluster.open();
    await cluster.create("web", { replicas: 1 });
    await cluster.edit((tx) => tx.put("nodes", aNode("n1")));
    await cluster.changeLeader();
    expect(cluster.tasks().at(0)?.nodeId).toBe("n1");
  });
});

describe("a service whose plan fails", () => {
  test("does not stop the others, loses its own edits only, and is tried again", async () => {
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (_: string, fields?: unknown) => errors.push(fields) };
    const cluster = await TestCluster.open({ nodes: threeNodes, logger });
    await cluster.create("bad", { constraints: ["no operator"], mode: { Global: {} } });
    await cluster.create("good", { replicas: 1 });
    expect(cluster.tasks("bad")).toEqual([]);
    expect(cluster.tasks("good")).toHaveLength(1);
    expect(errors).toMatchObject([{ key: "service/bad" }]);
    expect(cluster.wakeAt).toBe(cluster.now + 1000);
    await cluster.pass(1000);
    expect(errors).toHaveLength(2);
    expect(cluster.wakeAt).toBe(cluster.now + 2000);
  });
});
