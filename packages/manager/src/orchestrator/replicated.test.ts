// Goal: a replicated service has its replicas, on nodes that may hold them (behaviour.md, section 5).
// Method: whole cluster in virtual time; each test names what is given and what is wanted.
import { describe, expect, test } from "vitest";
import { aNode, aTask } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const nodes = [aNode("n1"), aNode("n2"), aNode("n3")];

describe("scaling", () => {
  test("up adds tasks at free slots and leaves the others untouched", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 1 });
    await cluster.settle();
    const first = cluster.tasks().at(0);
    await cluster.update("web", { replicas: 3 });
    expect(cluster.tasks().at(0)).toEqual(first);
    expect(cluster.tasks().map(({ slot }) => slot)).toEqual([1, 2, 3]);
    expect(cluster.service().update).toBeUndefined();
  });

  test("down asks the rest to be removed, and records go when tasks have stopped", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 3 });
    await cluster.settle();
    await cluster.update("web", { replicas: 1 });
    const surplus = { desiredState: "remove", stopReason: "surplus", status: { state: "running" } };
    expect(cluster.tasks()).toMatchObject([{ desiredState: "running" }, surplus, surplus]);
    await cluster.settle();
    expect(cluster.tasks()).toHaveLength(1);
  });

  test("records of stopping tasks survive another change of the service (W1)", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 3 });
    await cluster.settle();
    await cluster.update("web", { replicas: 1 });
    await cluster.update("web", { replicas: 1, labels: { a: "b" } });
    expect(cluster.tasks()).toHaveLength(3);
  });

  test("a slot that is used again waits until its old task has stopped", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 2 });
    await cluster.settle();
    await cluster.update("web", { replicas: 1 });
    await cluster.update("web", { replicas: 2 });
    const again = cluster
      .wanted()
      .filter(({ slot }) => slot === 2)
      .at(0);
    expect(again?.desiredState).toBe("ready");
    await cluster.settle();
    expect(cluster.running().map(({ slot }) => slot)).toEqual([1, 2]);
  });

  test("a record that was deleted by hand is made anew", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 1 });
    const lost = cluster.tasks().at(0);
    await cluster.edit((tx) => tx.delete("tasks", lost?.id ?? ""));
    expect(cluster.wanted()).toHaveLength(1);
  });
});

/** Places of the tasks of slots 1, 2, ... and which of them run; and who stays. */
const scaleDowns: readonly {
  readonly title: string;
  readonly places: readonly (string | undefined)[];
  readonly notRunning?: readonly number[];
  readonly replicas: number;
  readonly stay: readonly number[];
}[] = [
  {
    title: "a task without a node goes first",
    places: ["n1", "n2", "n2", "n3", "n3", undefined, "n3"],
    replicas: 6,
    stay: [1, 2, 3, 4, 5, 7],
  },
  {
    title: "tasks of the most loaded nodes go, high slots first",
    places: ["n1", "n2", "n2", "n3", "n3", "n3"],
    replicas: 4,
    stay: [1, 2, 3, 4],
  },
  {
    title: "a node keeps its running task rather than the one that starts",
    places: ["n1", "n1", "n2", "n2"],
    notRunning: [1],
    replicas: 2,
    stay: [2, 3],
  },
  {
    title: "between nodes with equal load the running and the low slots stay",
    places: ["n1", "n2", "n3", "n4"],
    notRunning: [2],
    replicas: 2,
    stay: [1, 3],
  },
  {
    title: "tasks on drained and lost nodes have no place",
    places: ["drained", "n1", "down", "n1"],
    replicas: 2,
    stay: [2, 4],
  },
];

describe("who stays when a service shrinks", () => {
  test.each(scaleDowns)("$title", async ({ places, notRunning = [], replicas, stay }) => {
    const cluster = await TestCluster.open({
      nodes: [
        ...["n1", "n2", "n3", "n4"].map((id) => aNode(id)),
        aNode("drained", { availability: "drain" }),
        aNode("down", { state: "down", downSince: 0 }),
      ],
    });
    const { specVersion } = await cluster.create("web", { replicas: 0 });
    await cluster.edit((tx) => {
      for (const [i, nodeId] of places.entries()) {
        const running = nodeId !== undefined && !notRunning.includes(i + 1);
        const state = running ? "running" : nodeId === undefined ? "pending" : "starting";
        tx.put(
          "tasks",
          aTask(`t${i + 1}`, {
            slot: i + 1,
            specVersion,
            ...(nodeId === undefined ? {} : { nodeId }),
            status: { state, timestamp: 0, message: "" },
          }),
        );
      }
      const service = cluster.service();
      const spec = { ...service.spec, Mode: { Replicated: { Replicas: replicas } } };
      tx.put("services", { ...service, spec });
    });
    expect(cluster.wanted().map(({ slot }) => slot)).toEqual(stay);
  });

  test("40 slots on 25 nodes: the order is total (D16)", async () => {
    const cluster = await TestCluster.open({
      nodes: Array.from({ length: 25 }, (_, i) => aNode(`n${i}`)),
    });
    await cluster.create("web", { replicas: 40 });
    await cluster.settle();
    await cluster.update("web", { replicas: 25 });
    const kept = cluster.wanted().map(({ slot }) => slot);
    expect(kept).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  });
});

describe("nodes that can't hold tasks", () => {
  test.each(["down", "drain", "removed"] as const)(
    "%s: the task is replaced at once, also with condition none (W3, W4)",
    async (what) => {
      const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
      await cluster.create("web", { replicas: 1, restart: { condition: "none", delay: 9000 } });
      await cluster.settle();
      await cluster.edit((tx) => tx.put("nodes", aNode("n2")));
      if (what === "down") await cluster.setState("n1", "down");
      if (what === "drain") await cluster.setAvailability("n1", "drain");
      if (what === "removed") await cluster.edit((tx) => tx.delete("nodes", "n1"));
      const old = cluster.tasks().at(0);
      const replacement = cluster.tasks().at(1);
      expect(old).toMatchObject({
        desiredState: "shutdown",
        stopReason: "node",
        status: { state: what === "removed" ? "orphaned" : "running" },
      });
      expect(replacement).toMatchObject({
        nodeId: "n2",
        desiredState: what === "drain" ? "ready" : "running",
      });
      expect(replacement?.restartOf).toBeUndefined();
      const before = cluster.now;
      await cluster.settle();
      expect(cluster.wanted()).toMatchObject([{ nodeId: "n2", status: { state: "running" } }]);
      expect(cluster.now).toBe(before);
    },
  );

  test("a task of a drained node that does not stop holds its slot for 60 seconds", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    cluster.fate = (task) => (task.nodeId === "n1" ? "stuck" : "run");
    await cluster.create("web");
    await cluster.settle();
    await cluster.edit((tx) => tx.put("nodes", aNode("n2")));
    await cluster.setAvailability("n1", "drain");
    await cluster.pass(59_999);
    expect(cluster.wanted()).toMatchObject([{ nodeId: "n2", desiredState: "ready" }]);
    await cluster.pass(1);
    expect(cluster.wanted()).toMatchObject([{ nodeId: "n2", status: { state: "running" } }]);
  });

  test("paused and unknown nodes keep what they have", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 3 });
    await cluster.settle();
    const before = cluster.tasks();
    await cluster.setAvailability("n1", "pause");
    await cluster.setState("n2", "unknown");
    await cluster.setState("n3", "disconnected");
    expect(cluster.tasks()).toEqual(before);
  });

  test("a node that comes back gets nothing back by itself", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 3 });
    await cluster.settle();
    await cluster.setState("n3", "down");
    await cluster.settle();
    await cluster.setState("n3", "ready");
    await cluster.settle();
    expect(cluster.running().map(({ nodeId }) => nodeId)).not.toContain("n3");
    expect(cluster.running()).toHaveLength(3);
  });

  test("a task that is given to a node in the moment it is drained moves on", async () => {
    const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
    await cluster.create("web");
    await cluster.edit((tx) => tx.put("nodes", aNode("n2")));
    await cluster.setAvailability("n1", "drain");
    await cluster.settle();
    expect(cluster.running()).toMatchObject([{ nodeId: "n2" }]);
  });
});

describe("a service that was removed", () => {
  test("its tasks stop, and then it is forgotten with its specs", async () => {
    const cluster = await TestCluster.open({ nodes });
    await cluster.create("web", { replicas: 2 });
    await cluster.settle();
    await cluster.edit((tx) => tx.delete("services", "web"));
    const stopping = { desiredState: "remove", status: { state: "running" } };
    expect(cluster.tasks()).toMatchObject([stopping, stopping]);
    expect(cluster.view.all("specs").size).toBe(1);
    await cluster.settle();
    expect(cluster.tasks()).toEqual([]);
    expect(cluster.view.all("specs").size).toBe(0);
  });
});
