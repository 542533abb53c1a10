// Goal: updates replace tasks in the order and the steps that are configured (behaviour.md, section 9).
// Method: whole cluster in virtual time; new containers that fail as each test says.
import { describe, expect, test } from "vitest";
import type { ServiceWish } from "../testing/builders.ts";
import { aNode } from "../testing/builders.ts";
import { newTasksMeet, TestCluster } from "../testing/test-cluster.ts";

const nodes = [aNode("n1"), aNode("n2"), aNode("n3")];

const open = async (wish: ServiceWish): Promise<TestCluster> => {
  const cluster = await TestCluster.open({ nodes });
  await cluster.create("web", wish);
  await cluster.settle();
  return cluster;
};

describe("stop-first", () => {
  test("one slot after the other; status and history as in the reference", async () => {
    const cluster = await open({ replicas: 3 });
    const startedAt = cluster.now;
    await cluster.update("web", { replicas: 3, image: "app:2" });
    expect(cluster.service().update).toMatchObject({
      state: "updating",
      message: "update in progress",
      startedAt,
      dirtySlots: 3,
    });
    expect(cluster.tasks()).toMatchObject([
      { slot: 1, desiredState: "shutdown", stopReason: "update" },
      { slot: 1, desiredState: "ready", updated: true },
      { slot: 2, desiredState: "running" },
      { slot: 3, desiredState: "running" },
    ]);
    await cluster.settle();
    expect(cluster.images()).toEqual(["app:2"]);
    expect(cluster.tasks()).toHaveLength(6);
    expect(cluster.service().update?.state).toBe("updating");
    await cluster.pass(5000);
    expect(cluster.service().update).toMatchObject({
      state: "completed",
      message: "update completed",
      completedAt: startedAt + 5000,
    });
  });

  test("the delay comes after each slot", async () => {
    const update = { delay: 10_000, monitor: 1000 };
    const cluster = await open({ replicas: 3, update });
    await cluster.update("web", { replicas: 3, update, image: "app:2" });
    const done: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      await cluster.settle();
      done.push(cluster.running().filter(({ updated }) => updated).length);
      await cluster.changeLeader();
      await cluster.pass(10_000);
    }
    expect(done).toEqual([1, 2, 3, 3]);
    // A delay that is not shorter than the monitor period is followed by one of delay + 1 s.
    expect(cluster.service().update?.state).toBe("updating");
    await cluster.pass(1000);
    expect(cluster.service().update?.state).toBe("completed");
  });

  test.each([
    { parallelism: 2, first: 2 },
    { parallelism: 0, first: 5 },
  ])("parallelism $parallelism", async ({ parallelism, first }) => {
    const update = { parallelism };
    const cluster = await open({ replicas: 5, update });
    await cluster.update("web", { replicas: 5, update, image: "app:2" });
    expect(cluster.wanted().filter(({ updated }) => updated)).toHaveLength(first);
    await cluster.pass(5000);
    expect(cluster.service().update?.state).toBe("completed");
  });

  test("an old task that never stops holds up its slot for 60 seconds", async () => {
    const cluster = await open({ replicas: 1 });
    cluster.fate = ({ updated }) => (updated ? "run" : "stuck");
    await cluster.update("web", { replicas: 1, image: "app:2" });
    await cluster.pass(59_999);
    expect(cluster.wanted()).toMatchObject([{ desiredState: "ready" }]);
    await cluster.pass(1);
    expect(cluster.wanted()).toMatchObject([{ status: { state: "running" } }]);
  });

  test("a second update takes over in the middle of the first", async () => {
    const cluster = await open({ replicas: 3 });
    cluster.fate = newTasksMeet(cluster, "hang");
    await cluster.update("web", { replicas: 3, image: "app:2" });
    await cluster.settle();
    cluster.fate = () => "run";
    await cluster.update("web", { replicas: 3, image: "app:3" });
    await cluster.pass(5000);
    expect(cluster.service().update?.state).toBe("completed");
    expect(cluster.images()).toEqual(["app:3"]);
    expect(cluster.running()).toHaveLength(3);
  });

  test("scaling and updating go together", async () => {
    const cluster = await open({ replicas: 4 });
    await cluster.update("web", { replicas: 2, image: "app:2" });
    await cluster.pass(5000);
    expect(cluster.running()).toHaveLength(2);
    expect(cluster.service().update).toMatchObject({ state: "completed", dirtySlots: 2 });
    await cluster.update("web", { replicas: 5, image: "app:3" });
    await cluster.pass(5000);
    expect(cluster.running()).toHaveLength(5);
    expect(cluster.images()).toEqual(["app:3"]);
  });
});

describe("start-first", () => {
  const update = { order: "start-first" } as const;

  test("the old task is asked to stop when the new one runs", async () => {
    const cluster = await open({ replicas: 2, update });
    await cluster.update("web", { replicas: 2, update, image: "app:2" });
    const least: number[] = [];
    for (;;) {
      least.push(cluster.wanted().filter(({ status }) => status.state === "running").length);
      if (!(await cluster.step())) break;
    }
    expect(Math.min(...least)).toBe(2);
    expect(Math.max(...cluster.tasks().map(({ slot }) => slot))).toBe(2);
    await cluster.pass(5000);
    expect(cluster.service().update?.state).toBe("completed");
    expect(cluster.images()).toEqual(["app:2"]);
  });

  test("what is under way ends well although nobody updates any more", async () => {
    const mode = { Global: {} };
    const all = { ...update, parallelism: 0 };
    const cluster = await open({ mode, update: all });
    const next = { mode, update: all, image: "app:2" };
    const fresh = newTasksMeet(cluster, "hang");
    cluster.fate = (task) => (task.nodeId === "n1" && task.updated ? "reject" : fresh(task));
    await cluster.update("web", next);
    await cluster.settle();
    expect(cluster.service().update?.state).toBe("paused");
    await cluster.edit((tx) => tx.delete("nodes", "n1"));
    await cluster.update("web", { ...next, labels: { a: "b" } });
    expect(cluster.service().update).toBeUndefined();
    cluster.fate = () => "run";
    await cluster.settle();
    expect(cluster.images()).toEqual(["app:2"]);
    expect(cluster.running()).toHaveLength(2);
  });

  test("a pause leaves the old task alone in its slot (D18)", async () => {
    const cluster = await open({ replicas: 2, update });
    cluster.fate = newTasksMeet(cluster, "reject");
    await cluster.update("web", { replicas: 2, update, image: "bad" });
    await cluster.pass(60_000);
    expect(cluster.service().update?.state).toBe("paused");
    expect(cluster.wanted()).toHaveLength(2);
    expect(cluster.running()).toHaveLength(2);
    expect(cluster.images()).toEqual(["app:1"]);
  });

  test("with action continue the new task is tried again beside the old one", async () => {
    const go = { ...update, action: "continue" } as const;
    const cluster = await open({ replicas: 1, update: go, restart: { delay: 1000 } });
    cluster.fate = newTasksMeet(cluster, "fail");
    await cluster.update("web", {
      replicas: 1,
      update: go,
      image: "bad",
      restart: { delay: 1000 },
    });
    await cluster.pass(3000);
    expect(cluster.wanted()).toHaveLength(2);
    expect(cluster.running()).toHaveLength(1);
    cluster.fate = () => "run";
    await cluster.pass(10_000);
    expect(cluster.running()).toHaveLength(1);
    expect(cluster.images()).toEqual(["bad"]);
  });
});

describe("while an update runs", () => {
  test("an old task that crashes comes back as a new one", async () => {
    const update = { delay: 60_000 };
    const cluster = await open({ replicas: 3, update });
    await cluster.update("web", { replicas: 3, update, image: "app:2" });
    await cluster.settle();
    const old = cluster.running().find(({ slot }) => slot === 3);
    cluster.fate = ({ id }) => (id === old?.id ? "crash" : "run");
    await cluster.settle();
    const now = cluster
      .running()
      .filter(({ slot }) => slot === 3)
      .at(0);
    expect(now?.specVersion).toBe(cluster.service().specVersion);
  });

  test("a clock that goes back delays it by no more than it is configured to", async () => {
    const update = { delay: 10_000 };
    const cluster = await open({ replicas: 3, update });
    await cluster.update("web", { replicas: 3, update, image: "app:2" });
    await cluster.pass(12_000);
    cluster.now -= 900_000;
    await cluster.wake();
    await cluster.pass(40_000);
    expect(cluster.service().update?.state).toBe("completed");
  });

  test("removing the service ends it", async () => {
    const cluster = await open({ replicas: 3 });
    await cluster.update("web", { replicas: 3, image: "app:2" });
    await cluster.edit((tx) => tx.delete("services", "web"));
    await cluster.pass(60_000);
    expect(cluster.tasks()).toEqual([]);
    expect(cluster.wakeAt).toBeUndefined();
  });
});
