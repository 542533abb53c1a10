// Goal: a task is replaced if, and only if, what it is made of changed (behaviour.md, 9.2).
// Method: whole cluster in virtual time; new containers that fail as each test says.
import { describe, expect, test } from "vitest";
import type { ServiceWish } from "../testing/builders.ts";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const nodes = [aNode("n1"), aNode("n2"), aNode("n3")];

const open = async (wish: ServiceWish): Promise<TestCluster> => {
  const cluster = await TestCluster.open({ nodes });
  await cluster.create("web", wish);
  await cluster.settle();
  return cluster;
};

describe("what makes tasks dirty", () => {
  const given: ServiceWish = { replicas: 2, constraints: ["node.role==worker"] };
  test.each<{ readonly title: string; readonly wish: ServiceWish; readonly replaced: boolean }>([
    { title: "labels of the service", wish: { labels: { a: "b" } }, replaced: false },
    { title: "the update configuration", wish: { update: { parallelism: 7 } }, replaced: false },
    { title: "constraints that the nodes meet", wish: { constraints: [] }, replaced: false },
    { title: "max per node", wish: { maxPerNode: 5 }, replaced: false },
    { title: "the same endpoint, said", wish: { endpoint: { Mode: "vip" } }, replaced: false },
    { title: "the endpoint's mode", wish: { endpoint: { Mode: "dnsrr" } }, replaced: true },
    { title: "the image", wish: { image: "app:2" }, replaced: true },
    { title: "the restart policy", wish: { restart: { delay: 1 } }, replaced: true },
  ])("$title: replaced $replaced", async ({ wish, replaced }) => {
    const cluster = await open(given);
    const before = cluster.running().map(({ id }) => id);
    await cluster.update("web", { ...given, ...wish });
    await cluster.pass(5000);
    const kept = cluster.running().filter(({ id }) => before.includes(id));
    expect(kept).toHaveLength(replaced ? 0 : 2);
    expect(cluster.service().update?.state).toBe(replaced ? "completed" : undefined);
  });

  test("constraints that a node does not meet move its task only, in an update", async () => {
    const cluster = await open({ replicas: 3 });
    const kept = cluster.running().filter(({ nodeId }) => nodeId !== "n1");
    await cluster.update("web", { replicas: 3, constraints: ["node.id!=n1"] });
    expect(cluster.service().update).toMatchObject({ state: "updating", dirtySlots: 1 });
    await cluster.pass(5000);
    const runs = cluster.running().map(({ id }) => id);
    expect(kept.every(({ id }) => runs.includes(id))).toBe(true);
    expect(cluster.running().map(({ nodeId }) => nodeId)).not.toContain("n1");
  });

  test("a port that changes after such a constraint replaces the task too", async () => {
    const cluster = await open({ replicas: 1 });
    await cluster.update("web", { replicas: 1, constraints: ["node.id!=zz"] });
    await cluster.update("web", {
      replicas: 1,
      constraints: ["node.id!=zz"],
      endpoint: { Mode: "dnsrr" },
    });
    await cluster.pass(5000);
    expect(cluster.tasks()).toHaveLength(2);
  });
});
