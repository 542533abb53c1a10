// Goal: an update that fails pauses, goes on or goes back, as configured (behaviour.md, 9.4).
// Method: whole cluster in virtual time; new containers that fail as each test says.
import { describe, expect, test } from "vitest";
import type { Service } from "@skein/model";
import { swapSpecs } from "../service-spec.ts";
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

describe("failure", () => {
  const paused = (service: Service): string | undefined => service.update?.message;

  test("pause: the first early end stops it; nothing more is replaced", async () => {
    const cluster = await open({ replicas: 3 });
    cluster.fate = newTasksMeet(cluster, "fail");
    await cluster.update("web", { replicas: 3, image: "bad" });
    await cluster.pass(1000);
    const failed = cluster.tasks().find(({ updated }) => updated);
    expect(paused(cluster.service())).toBe(
      `update paused due to failure or early termination of task ${failed?.id}`,
    );
    await cluster.pass(60_000);
    await cluster.changeLeader();
    expect(cluster.service().update?.state).toBe("paused");
    const { specVersion } = cluster.service();
    const replaced = cluster.tasks().filter((task) => task.specVersion === specVersion);
    expect(new Set(replaced.map(({ slot }) => slot))).toEqual(new Set([1]));
    cluster.fate = () => "run";
    await cluster.update("web", { replicas: 3, image: "app:1" });
    await cluster.pass(5000);
    expect(cluster.service().update).toMatchObject({ state: "completed", dirtySlots: 1 });
  });

  test("an end after the monitor period does not count", async () => {
    const update = { delay: 8000, monitor: 2000 };
    const cluster = await open({ replicas: 2, update });
    await cluster.update("web", { replicas: 2, update, image: "app:2" });
    await cluster.pass(3000);
    const fresh = cluster.running().find(({ updated }) => updated);
    cluster.fate = ({ id }) => (id === fresh?.id ? "crash" : "run");
    await cluster.pass(60_000);
    expect(cluster.service().update?.state).toBe("completed");
  });

  test("the count survives a change of leader (W8)", async () => {
    const update = { ratio: 0.5, delay: 5000 };
    const cluster = await open({ replicas: 4, update });
    cluster.fate = newTasksMeet(cluster, "fail");
    await cluster.update("web", { replicas: 4, update, image: "bad" });
    await cluster.pass(6000);
    expect(Object.keys(cluster.service().update?.failures ?? {})).toEqual(["1", "2"]);
    await cluster.changeLeader();
    await cluster.pass(6000);
    expect(cluster.service().update?.state).toBe("paused");
  });

  test("a task that the restart supervisor made counts too (W8)", async () => {
    const update = { monitor: 60_000 };
    const cluster = await open({ replicas: 1, update });
    const next = { replicas: 1, update, image: "app:2" };
    await cluster.update("web", next);
    await cluster.settle();
    const first = cluster.running().at(0);
    await cluster.setState(first?.nodeId ?? "", "down");
    cluster.fate = ({ id }) => (id === first?.id ? "run" : "crash");
    await cluster.pass(1000);
    expect(cluster.service().update?.state).toBe("paused");
  });

  test("continue: everything is replaced however it fails", async () => {
    const update = { action: "continue" } as const;
    const cluster = await open({ replicas: 3, update });
    cluster.fate = newTasksMeet(cluster, "fail");
    await cluster.update("web", { replicas: 3, update, image: "bad" });
    await cluster.pass(30_000);
    expect(cluster.service().update?.state).toBe("completed");
    expect(cluster.running()).toEqual([]);
  });

  test("a task that no node can take shows in the message, and goes on when one can (W7)", async () => {
    const cluster = await open({ replicas: 2 });
    await cluster.update("web", { replicas: 2, constraints: ["node.labels.zone==b"] });
    await cluster.settle();
    const waiting = cluster.wanted().find(({ updated }) => updated);
    expect(paused(cluster.service())).toBe(
      `update in progress; waiting for task ${waiting?.id}: ` +
        "no suitable node (scheduling constraints not satisfied on 3 nodes)",
    );
    await cluster.edit((tx) => tx.put("nodes", aNode("n4", { labels: { zone: "b" } })));
    expect(cluster.service().update?.message).toBe("update in progress");
    await cluster.pass(5000);
    expect(cluster.service().update?.message).toBe("update completed");
  });
});

test("a new task that hangs is named after a minute (W7)", async () => {
  const cluster = await open({ replicas: 1 });
  cluster.fate = newTasksMeet(cluster, "hang");
  await cluster.update("web", { replicas: 1, image: "app:2" });
  await cluster.pass(59_999);
  expect(cluster.service().update?.message).toBe("update in progress");
  await cluster.pass(1);
  expect(cluster.service().update?.message).toBe(
    `update in progress; waiting for task ${cluster.wanted().at(0)?.id}: still starting`,
  );
  cluster.fate = () => "run";
  await cluster.pass(5000);
  expect(cluster.service().update?.message).toBe("update completed");
});

describe("rollback", () => {
  const rollingBack = { replicas: 4, update: { action: "rollback", ratio: 0.3 } } as const;

  test("a failed update goes back to the previous spec under a new version", async () => {
    const cluster = await open(rollingBack);
    const old = cluster.service();
    const untouched = cluster.running().filter(({ slot }) => slot > 2);
    cluster.fate = ({ specVersion }) =>
      cluster.view.get("specs", `web.${specVersion}`)?.task.ContainerSpec?.Image === "bad"
        ? "fail"
        : "run";
    await cluster.update("web", { ...rollingBack, image: "bad" });
    const bad = cluster.service().specVersion;
    await cluster.settle();
    const { update, specVersion, spec, previousSpec } = cluster.service();
    const failed = cluster
      .tasks()
      .filter((task) => task.specVersion === bad && task.slot === 2)
      .at(0);
    expect(update).toMatchObject({
      state: "rollback_started",
      message: `update rolled back due to failure or early termination of task ${failed?.id}`,
      dirtySlots: 2,
    });
    expect(specVersion).toBeGreaterThan(bad);
    expect(spec).toEqual(old.spec);
    expect(previousSpec).toBeUndefined();
    await cluster.pass(10_000);
    expect(cluster.service().update).toMatchObject({
      state: "rollback_completed",
      message: "rollback completed",
    });
    const runs = cluster.running();
    expect(runs).toHaveLength(4);
    expect(untouched.every((task) => runs.some(({ id }) => id === task.id))).toBe(true);
  });

  test.each(["pause", "rollback"] as const)(
    "that fails too, with action %s, is paused and stays so (D6)",
    async (action) => {
      const wish: ServiceWish = { ...rollingBack, rollback: { action } };
      const cluster = await open(wish);
      cluster.fate = ({ updated }) => (updated ? "fail" : "run");
      await cluster.update("web", { ...wish, image: "bad" });
      await cluster.pass(120_000);
      const { update } = cluster.service();
      expect(update?.state).toBe("rollback_paused");
      expect(update?.message).toMatch(
        /^rollback paused due to failure or early termination of task /,
      );
    },
  );

  test("with action continue it ends although tasks fail", async () => {
    const wish: ServiceWish = { ...rollingBack, rollback: { action: "continue" } };
    const cluster = await open(wish);
    cluster.fate = ({ updated }) => (updated ? "fail" : "run");
    await cluster.update("web", { ...wish, image: "bad" });
    await cluster.pass(120_000);
    expect(cluster.service().update?.state).toBe("rollback_completed");
  });

  test("without a previous spec the update pauses", async () => {
    const cluster = await open(rollingBack);
    cluster.fate = newTasksMeet(cluster, "fail");
    await cluster.update("web", { ...rollingBack, image: "bad" });
    await cluster.edit((tx) => {
      const { previousSpec: _spec, ...service } = cluster.service();
      tx.put("services", service);
    });
    await cluster.pass(30_000);
    expect(cluster.service().update?.state).toBe("paused");
  });

  test("by hand: the specs change places, twice", async () => {
    const cluster = await open({ replicas: 2 });
    await cluster.update("web", { replicas: 2, image: "app:2" });
    await cluster.pass(5000);
    for (const image of ["app:1", "app:2"]) {
      await cluster.edit((tx) => swapSpecs(tx, cluster.service()));
      expect(cluster.service().update).toMatchObject({
        state: "rollback_started",
        message: "manually requested rollback",
      });
      await cluster.pass(10_000);
      expect(cluster.service().update?.state).toBe("rollback_completed");
      expect(cluster.running()).toHaveLength(2);
      expect(cluster.images()).toEqual([image]);
    }
  });

  test("of nothing that tasks are made of is completed at once", async () => {
    const cluster = await open({ replicas: 2 });
    await cluster.update("web", { replicas: 0 });
    await cluster.settle();
    await cluster.edit((tx) => swapSpecs(tx, cluster.service()));
    expect(cluster.service().update?.state).toBe("rollback_completed");
    await cluster.settle();
    expect(cluster.running()).toHaveLength(2);
  });
});
