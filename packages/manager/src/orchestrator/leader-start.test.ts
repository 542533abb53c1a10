// Goal: a leader that finds records in any state does what is still to do (tests.md 12, 21-25, 54-59).
// Method: records are written behind the pipeline's back; then a fresh leader looks.
import type { Task } from "@skein/model";
import type { Draft } from "@skein/store";
import { expect, test } from "vitest";
import { aNode, aTask } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const nodes = [
  aNode("n1"),
  aNode("n2"),
  aNode("down", { state: "down", downSince: 1_000_000 }),
  aNode("drained", { availability: "drain" }),
  aNode("paused", { availability: "pause" }),
  aNode("unknown", { state: "unknown" }),
];

/** The records of one slot, as `state/desired@node`; and after the leader has looked. */
const slots: readonly {
  readonly given: readonly string[];
  readonly wanted: readonly string[];
}[] = [
  { given: ["running/running@n1"], wanted: ["running/running@n1"] },
  { given: ["rejected/running@n1"], wanted: ["rejected/shutdown@n1", "assigned/ready"] },
  { given: ["failed/running@n1"], wanted: ["failed/shutdown@n1", "assigned/ready"] },
  { given: ["running/running@down"], wanted: ["running/shutdown@down", "assigned/running"] },
  { given: ["running/running@drained"], wanted: ["running/shutdown@drained", "assigned/ready"] },
  { given: ["running/running@gone"], wanted: ["orphaned/shutdown@gone", "assigned/running"] },
  { given: ["running/running@paused"], wanted: ["running/running@paused"] },
  { given: ["running/running@unknown"], wanted: ["running/running@unknown"] },
  { given: ["pending/running"], wanted: ["assigned/running"] },
  { given: ["ready/ready@n1"], wanted: ["ready/running@n1"] },
  {
    given: ["running/running@n1", "running/running@n2"],
    wanted: ["running/shutdown@n1", "running/running@n2"],
  },
  {
    given: ["running/running@n1", "starting/running@n2"],
    wanted: ["running/running@n1", "starting/shutdown@n2"],
  },
];

const parsed = (text: string): Partial<Draft<Task>> => {
  const match = /^(\w+)\/(\w+)(?:@(\w+))?$/.exec(text);
  const [, state, desiredState, nodeId] = match ?? [];
  return {
    desiredState: desiredState as Task["desiredState"],
    status: { state: state as Task["status"]["state"], timestamp: 0, message: "" },
    ...(nodeId === undefined ? {} : { nodeId }),
  };
};

/** New tasks have ids of 25 characters; where those go is the scheduler's business. */
const shown = ({ id, status, desiredState, nodeId }: Task): string => {
  const given = id.length < 25 && status.state !== "assigned" && nodeId !== undefined;
  return `${status.state}/${desiredState}${given ? `@${nodeId}` : ""}`;
};

test.each(slots)("$given becomes $wanted", async ({ given, wanted }) => {
  const cluster = await TestCluster.open({ nodes });
  const { specVersion } = await cluster.create("web", { replicas: 0 });
  await cluster.edit((tx) => {
    for (const [i, text] of given.entries()) {
      const record = { ...parsed(text), specVersion, ordinal: i + 1, appliedAt: cluster.now };
      tx.put("tasks", aTask(`t${i}`, record));
    }
    const service = cluster.service();
    const spec = { ...service.spec, Mode: { Replicated: { Replicas: 1 } } };
    tx.put("services", { ...service, spec });
  });
  expect(cluster.tasks().map(shown)).toEqual(wanted);
  await cluster.changeLeader();
  expect(cluster.planned).toEqual([]);
});

test("two tasks of a global service on one node: one stays", async () => {
  const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
  await cluster.create("web", { mode: { Global: {} } });
  await cluster.settle();
  const first = cluster.tasks().at(0);
  await cluster.edit((tx) => {
    if (first) tx.put("tasks", { ...first, id: "second", ordinal: 2 });
  });
  expect(cluster.wanted()).toHaveLength(1);
});

test("tasks of a service that is gone stop before they are forgotten", async () => {
  const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
  await cluster.edit((tx) => tx.put("tasks", aTask("t", { nodeId: "n1" })));
  expect(cluster.tasks()).toMatchObject([{ desiredState: "remove", stopReason: "service" }]);
  await cluster.settle();
  expect(cluster.tasks()).toEqual([]);
});
