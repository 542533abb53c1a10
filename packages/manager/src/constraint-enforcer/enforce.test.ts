// Goal: tasks leave nodes that no longer meet what they ask (behaviour.md, section 11), in order (W2).
// Method: whole cluster in virtual time.
import { describe, expect, test } from "vitest";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import { ORPHAN_AFTER_MS } from "./enforce.ts";

const labelled = { labels: { zone: "a" } };
const EVICTED = "assigned node no longer meets constraints";

const relabel = (cluster: TestCluster, id: string): Promise<void> =>
  cluster.node(id, (node) => ({ ...node, spec: { ...node.spec, Labels: {} } }));

describe("constraints", () => {
  test("the reason shows at once, the state is rejected once the container has stopped", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1", labelled)] });
    await cluster.create("web", { mode: { Global: {} }, constraints: ["node.labels.zone==a"] });
    await cluster.settle();
    await relabel(cluster, "n1");
    expect(cluster.tasks()).toMatchObject([
      {
        desiredState: "shutdown",
        stopReason: "constraints",
        status: { state: "running", err: EVICTED },
      },
    ]);
    await cluster.settle();
    expect(cluster.tasks()).toMatchObject([
      { desiredState: "shutdown", status: { state: "rejected", err: EVICTED } },
    ]);
  });

  test("a replica moves at once and waits until the old container has stopped", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1", labelled)] });
    await cluster.create("web", {
      constraints: ["node.labels.zone==a"],
      restart: { condition: "none" },
    });
    await cluster.settle();
    await cluster.edit((tx) => tx.put("nodes", aNode("n2", labelled)));
    await relabel(cluster, "n1");
    expect(cluster.wanted()).toMatchObject([{ nodeId: "n2", desiredState: "ready" }]);
    await cluster.settle();
    expect(cluster.wanted()).toMatchObject([{ nodeId: "n2", status: { state: "running" } }]);
    expect(cluster.wakeAt).toBeUndefined();
  });

  test("the role of the node counts, and jobs are looked at too", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    const constraints = ["node.role==worker"];
    await cluster.create("web", { constraints });
    await cluster.create("job", {
      constraints,
      mode: { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } },
    });
    await cluster.settle();
    await cluster.node("n1", (node) => ({ ...node, role: "manager" }));
    for (const id of ["web", "job"])
      expect(cluster.tasks(id).at(0)).toMatchObject({ stopReason: "constraints" });
  });

  test("those of the service now, not those the task was made with", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1", labelled)] });
    await cluster.create("web", { constraints: ["node.labels.zone==a"] });
    await cluster.settle();
    await cluster.update("web", { constraints: ["node.role==worker"] });
    await relabel(cluster, "n1");
    await cluster.settle();
    expect(cluster.tasks()).toMatchObject([{ desiredState: "running" }]);
    await cluster.node("n1", (node) => ({ ...node, role: "manager" }));
    expect(cluster.tasks().at(0)).toMatchObject({ desiredState: "shutdown" });
  });

  test.each(["pause", "drain"] as const)("a node in %s is passed over", async (availability) => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1", labelled)] });
    await cluster.create("web", { constraints: ["node.labels.zone==a"] });
    await cluster.settle();
    await cluster.setAvailability("n1", availability);
    await relabel(cluster, "n1");
    expect(cluster.tasks().at(0)?.stopReason).toBe(availability === "pause" ? undefined : "node");
  });
});

describe("reservations", () => {
  test("when a node shrinks, its newest tasks go until the rest fit", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1", { cpus: 4 })] });
    await cluster.create("old", { reserveCpus: 2 });
    cluster.now += 1;
    await cluster.create("new", { reserveCpus: 2 });
    await cluster.create("free", {});
    await cluster.settle();
    await cluster.edit((tx) => tx.put("nodes", aNode("n1", { cpus: 3 })));
    expect(cluster.tasks("old")).toMatchObject([{ desiredState: "running" }]);
    expect(cluster.tasks("free")).toMatchObject([{ desiredState: "running" }]);
    expect(cluster.tasks("new").at(0)).toMatchObject({ stopReason: "constraints" });
  });

  test("a generic resource that is gone takes its holder with it", async () => {
    const gpu = (value: string): object => ({ NamedResourceSpec: { Kind: "gpu", Value: value } });
    const offering = (...names: readonly string[]): ReturnType<typeof aNode> => {
      const node = aNode("n1");
      const { description } = node;
      if (!description) return node;
      const Resources = { ...description.Resources, GenericResources: names.map(gpu) };
      return { ...node, description: { ...description, Resources } };
    };
    const cluster = await TestCluster.open({ nodes: [offering("a", "b")] });
    await cluster.create("web", { replicas: 2 });
    await cluster.edit((tx) => {
      for (const [i, task] of cluster.tasks().entries())
        tx.put("tasks", { ...task, genericResources: [gpu(i === 0 ? "a" : "b")] });
    });
    await cluster.settle();
    await cluster.edit((tx) => tx.put("nodes", offering("b")));
    expect(cluster.tasks().filter(({ stopReason }) => stopReason === "constraints")).toMatchObject([
      { slot: 1 },
    ]);
  });
});

describe("a node that is down", () => {
  test("gives up its tasks as orphaned after 24 hours, also across leaders", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    await cluster.create("web");
    await cluster.settle();
    await cluster.setState("n1", "down");
    const due = cluster.now + ORPHAN_AFTER_MS;
    await cluster.changeLeader();
    expect(cluster.wakeAt).toBe(due);
    await cluster.pass(ORPHAN_AFTER_MS - 1);
    expect(cluster.tasks().at(0)?.status.state).toBe("running");
    await cluster.pass(1);
    expect(cluster.tasks().at(0)).toMatchObject({
      desiredState: "shutdown",
      status: { state: "orphaned" },
    });
    expect(cluster.wakeAt).toBeUndefined();
  });
});
