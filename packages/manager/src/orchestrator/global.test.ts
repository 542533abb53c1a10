// Goal: a global service has one task on each node that may hold one (behaviour.md, section 6).
// Method: whole cluster in virtual time.
import { describe, expect, test } from "vitest";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const nodes = [aNode("n1"), aNode("n2")];
const mode = { Global: {} };

const open = async (): Promise<TestCluster> => {
  const cluster = await TestCluster.open({ nodes });
  await cluster.create("web", { mode });
  await cluster.settle();
  return cluster;
};

const runsOn = (cluster: TestCluster): readonly (string | undefined)[] =>
  cluster.running().map(({ nodeId }) => nodeId);

test("one task per node, confirmed by the scheduler", async () => {
  const cluster = await TestCluster.open({ nodes });
  await cluster.create("web", { mode });
  const message = "scheduler confirmed task can run on preassigned node";
  expect(cluster.tasks()).toMatchObject([
    { slot: 0, nodeId: "n1", status: { state: "assigned", message } },
    { slot: 0, nodeId: "n2", status: { state: "assigned", message } },
  ]);
});

test("a node that joins gets a task", async () => {
  const cluster = await open();
  await cluster.edit((tx) => tx.put("nodes", aNode("n3")));
  await cluster.settle();
  expect(runsOn(cluster)).toEqual(["n1", "n2", "n3"]);
});

test("only nodes that meet the constraints", async () => {
  const cluster = await TestCluster.open({
    nodes: [...nodes, aNode("n3", { labels: { a: "1" } })],
  });
  await cluster.create("web", { mode, constraints: ["node.labels.a==1"] });
  await cluster.settle();
  expect(runsOn(cluster)).toEqual(["n3"]);
});

test.each(["drain", "down"] as const)("%s: shut down; back: a task again", async (what) => {
  const cluster = await open();
  if (what === "drain") await cluster.setAvailability("n2", "drain");
  else await cluster.setState("n2", "down");
  await cluster.update("web", { mode, labels: { touched: "yes" } });
  await cluster.settle();
  expect(cluster.wanted().map(({ nodeId }) => nodeId)).toEqual(["n1"]);
  expect(cluster.tasks().at(1)).toMatchObject({ desiredState: "shutdown", stopReason: "node" });
  if (what === "drain") await cluster.setAvailability("n2", "active");
  else await cluster.setState("n2", "ready");
  await cluster.settle();
  expect(runsOn(cluster)).toEqual(["n1", "n2"]);
});

test("a node that returns stops its old task before the new one runs", async () => {
  const cluster = await open();
  await cluster.setState("n2", "down");
  await cluster.setState("n2", "ready");
  expect(cluster.tasks().filter(({ nodeId }) => nodeId === "n2")).toMatchObject([
    { desiredState: "shutdown", status: { state: "running" } },
    { desiredState: "ready" },
  ]);
  await cluster.settle();
  expect(runsOn(cluster)).toEqual(["n1", "n2"]);
});

test("a removed node's tasks are forgotten", async () => {
  const cluster = await open();
  await cluster.edit((tx) => tx.delete("nodes", "n2"));
  expect(cluster.tasks().map(({ nodeId }) => nodeId)).toEqual(["n1"]);
});

describe("a paused node", () => {
  test("keeps its task, does not update it, and does not replace it when it fails", async () => {
    const cluster = await open();
    await cluster.setAvailability("n2", "pause");
    await cluster.update("web", { mode, image: "app:2" });
    await cluster.pass(10_000);
    expect(cluster.service().update?.state).toBe("completed");
    const old = cluster.wanted().at(1);
    expect(old).toMatchObject({ nodeId: "n2", status: { state: "running" } });
    expect(old?.specVersion).not.toBe(cluster.service().specVersion);
    cluster.fate = ({ id }) => (id === old?.id ? "crash" : "run");
    await cluster.pass(10_000);
    expect(cluster.wanted().map(({ nodeId }) => nodeId)).toEqual(["n1"]);
    await cluster.setAvailability("n2", "active");
    await cluster.settle();
    expect(runsOn(cluster)).toEqual(["n1", "n2"]);
  });

  test("is updated when it is active again, and the status says so", async () => {
    const cluster = await open();
    await cluster.setAvailability("n2", "pause");
    await cluster.update("web", { mode, image: "app:2" });
    await cluster.pass(10_000);
    await cluster.setAvailability("n2", "active");
    expect(cluster.service().update?.state).toBe("updating");
    await cluster.pass(10_000);
    const { specVersion, update } = cluster.service();
    expect(update?.state).toBe("completed");
    expect(cluster.running().every((task) => task.specVersion === specVersion)).toBe(true);
  });
});

test("a task that ended for good fills its node until the spec changes", async () => {
  const cluster = await TestCluster.open({ nodes });
  const restart = { condition: "on-failure" } as const;
  cluster.fate = ({ nodeId }) => (nodeId === "n1" ? "exit" : "run");
  await cluster.create("web", { mode, restart });
  await cluster.settle();
  await cluster.update("web", { mode, restart, labels: { a: "b" } });
  await cluster.changeLeader();
  await cluster.pass(60_000);
  expect(cluster.tasks()).toHaveLength(2);
  cluster.fate = () => "run";
  await cluster.update("web", { mode, restart, image: "app:2" });
  await cluster.pass(60_000);
  expect(runsOn(cluster)).toEqual(["n1", "n2"]);
});

test("nodes that no longer match after an update of the service are emptied", async () => {
  const cluster = await open();
  await cluster.update("web", { mode, constraints: ["node.id==n1"] });
  expect(cluster.tasks().at(1)).toMatchObject({ desiredState: "shutdown", stopReason: "surplus" });
  await cluster.settle();
  expect(runsOn(cluster)).toEqual(["n1"]);
});
