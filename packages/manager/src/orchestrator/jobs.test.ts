// Goal: jobs run to their end, each slot once, and never on nodes that can't (behaviour.md, section 7).
// Method: whole cluster in virtual time; containers that exit or crash as each test says.
import { describe, expect, test } from "vitest";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const nodes = [aNode("n1"), aNode("n2")];
const job = (MaxConcurrent: number, TotalCompletions = MaxConcurrent): object => ({
  ReplicatedJob: { MaxConcurrent, TotalCompletions },
});

const states = (cluster: TestCluster): readonly string[] =>
  cluster.tasks().map(({ slot, status }) => `${slot} ${status.state}`);

describe("replicated job", () => {
  test("never more at a time than allowed, until all are complete", async () => {
    let most = 0;
    const cluster = await TestCluster.open({
      nodes,
      inspect: (view) => {
        const open = [...view.tasksOfService("web").values()].filter(
          ({ status }) => status.state !== "complete",
        );
        most = Math.max(most, open.length);
      },
    });
    cluster.fate = () => "exit";
    await cluster.create("web", { mode: job(2, 5) });
    expect(cluster.tasks()).toMatchObject([
      { slot: 0, desiredState: "complete", jobIteration: 0 },
      { slot: 1, desiredState: "complete", jobIteration: 0 },
    ]);
    await cluster.settle();
    expect(states(cluster)).toEqual([0, 1, 2, 3, 4].map((slot) => `${slot} complete`));
    expect(cluster.tasks().every(({ desiredState }) => desiredState === "complete")).toBe(true);
    expect(most).toBe(2);
  });

  test("a failed task is tried again in its slot, as often as allowed", async () => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = ({ slot }) => (slot === 0 ? "crash" : "exit");
    await cluster.create("web", { mode: job(1, 2), restart: { delay: 100, attempts: 2 } });
    await cluster.pass(60_000);
    await cluster.update("web", {
      mode: job(1, 2),
      restart: { delay: 100, attempts: 2 },
    });
    expect(cluster.tasks().filter(({ jobIteration }) => jobIteration === 0)).toMatchObject([
      { slot: 0, stopReason: "restarted" },
      { slot: 0, stopReason: "restarted" },
      { slot: 0, stopReason: "ended", desiredState: "shutdown" },
      { slot: 1, desiredState: "complete", status: { state: "complete" } },
    ]);
  });

  test("a slot that was given up is not taken up again in this run (D3)", async () => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = ({ slot }) => (slot === 1 ? "crash" : "exit");
    await cluster.create("web", { mode: job(1, 3), restart: { condition: "none" } });
    await cluster.pass(60_000);
    await cluster.changeLeader();
    await cluster.pass(60_000);
    expect(states(cluster)).toEqual(["0 complete", "1 failed", "2 complete"]);
  });

  test.each(["down", "drain", "removed"] as const)(
    "moves away from a node: %s (D2)",
    async (what) => {
      const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
      await cluster.create("web", { mode: job(1), restart: { condition: "none" } });
      await cluster.settle();
      await cluster.edit((tx) => tx.put("nodes", aNode("n2")));
      if (what === "down") await cluster.setState("n1", "down");
      if (what === "drain") await cluster.setAvailability("n1", "drain");
      if (what === "removed") await cluster.edit((tx) => tx.delete("nodes", "n1"));
      await cluster.settle();
      expect(cluster.wanted()).toMatchObject([
        { nodeId: "n2", slot: 0, status: { state: "running" } },
      ]);
    },
  );

  test("what ended well on a node that was thought lost counts, once", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    await cluster.create("web", { mode: job(1) });
    await cluster.settle();
    await cluster.edit((tx) => tx.put("nodes", aNode("n2")));
    await cluster.setState("n1", "down");
    await cluster.settle();
    expect(cluster.running().map(({ nodeId }) => nodeId)).toEqual(["n1", "n2"]);
    await cluster.edit((tx) => {
      for (const task of cluster.running()) {
        const status = { state: "complete", timestamp: cluster.now, message: "" } as const;
        if (task.nodeId === "n1") tx.put("tasks", { ...task, status });
      }
    });
    await cluster.settle();
    expect(states(cluster)).toEqual(["0 complete", "0 shutdown"]);
    await cluster.edit((tx) => {
      for (const task of cluster.tasks())
        tx.put("tasks", { ...task, status: { ...task.status, state: "complete" } });
    });
    expect(states(cluster)).toEqual(["0 complete"]);
  });

  test("what is complete stays so when its node goes", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    cluster.fate = () => "exit";
    await cluster.create("web", { mode: job(1) });
    await cluster.settle();
    await cluster.edit((tx) => tx.delete("nodes", "n1"));
    await cluster.edit((tx) => tx.put("nodes", aNode("n2")));
    await cluster.pass(60_000);
    expect(states(cluster)).toEqual(["0 complete"]);
  });

  test("an update begins a new iteration: running tasks go, finished ones stay on record", async () => {
    const cluster = await TestCluster.open({ nodes });
    cluster.fate = ({ slot }) => (slot === 0 ? "exit" : "run");
    await cluster.create("web", { mode: job(2) });
    await cluster.settle();
    cluster.fate = ({ jobIteration }) => (jobIteration === 1 ? "exit" : "run");
    await cluster.update("web", { mode: job(2) });
    expect(cluster.service().job?.iteration).toBe(1);
    expect(cluster.tasks().filter(({ jobIteration }) => jobIteration === 0)).toMatchObject([
      { slot: 0, desiredState: "complete" },
      { slot: 1, desiredState: "remove", stopReason: "service" },
    ]);
    await cluster.settle();
    expect(states(cluster)).toEqual(["0 complete", "0 complete", "1 complete"]);
  });
});

describe("global job", () => {
  test("one task per node, and one on nodes that join later", async () => {
    const cluster = await TestCluster.open({
      nodes: [...nodes, aNode("n3", { state: "unknown" })],
    });
    cluster.fate = () => "exit";
    await cluster.create("web", { mode: { GlobalJob: {} } });
    await cluster.settle();
    expect(cluster.tasks().map(({ nodeId }) => nodeId)).toEqual(["n1", "n2"]);
    await cluster.setState("n3", "ready");
    await cluster.settle();
    expect(cluster.tasks()).toHaveLength(3);
    expect(cluster.tasks().every(({ status }) => status.state === "complete")).toBe(true);
  });

  test("attempts are counted (D3)", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    cluster.fate = () => "crash";
    await cluster.create("web", { mode: { GlobalJob: {} }, restart: { delay: 10, attempts: 3 } });
    await cluster.pass(60_000);
    expect(cluster.tasks()).toHaveLength(4);
  });

  test("a drained node's task stops; a new iteration removes all older tasks", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { mode: { GlobalJob: {} } });
    await cluster.settle();
    await cluster.setAvailability("n2", "drain");
    await cluster.settle();
    expect(cluster.wanted().map(({ nodeId }) => nodeId)).toEqual(["n1"]);
    await cluster.update("web", { mode: { GlobalJob: {} } });
    await cluster.settle();
    expect(cluster.tasks()).toMatchObject([{ nodeId: "n1", jobIteration: 1 }]);
  });
});
