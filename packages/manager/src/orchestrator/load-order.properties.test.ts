// Goal: the decisions follow from the records, not from the order in which they were loaded.
// Method: random records, put in two orders; the same answers are wanted, ids included.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const nodeIds = ["n1", "n2", "n3", "n4"] as const;
const nodeId = fc.constantFrom(...nodeIds);
const states = [
  "pending",
  "assigned",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
] as const;

test("the order in which records were loaded does not matter", async () => {
  const record = fc.record({
    slot: fc.integer({ min: 1, max: 4 }),
    state: fc.constantFrom(...states),
    desired: fc.constantFrom("ready" as const, "running" as const, "shutdown" as const),
    node: fc.option(nodeId, { nil: undefined }),
    old: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 10 }), async (records) => {
      const results: string[] = [];
      for (const reversed of [false, true]) {
        const cluster = await TestCluster.open({ nodes: nodeIds.map((id) => aNode(id)) });
        await cluster.create("a", { replicas: 0 });
        await cluster.edit((tx) => {
          const { specVersion, ...service } = cluster.service("a");
          const tasks = records.map(({ slot, state, desired, node, old }, i) => ({
            id: `t${i}`,
            serviceId: "a",
            specVersion: old ? 0 : specVersion,
            slot,
            ordinal: i + 1,
            ...(state === "pending" ? {} : { nodeId: node ?? "n1" }),
            desiredState: desired,
            ...(desired === "shutdown" ? { stopReason: "update" as const } : {}),
            status: { state, timestamp: 0, message: "" },
            appliedAt: 0,
          }));
          for (const task of reversed ? tasks.toReversed() : tasks) tx.put("tasks", task);
          const spec = { ...service.spec, Mode: { Replicated: { Replicas: 3 } } };
          tx.put("services", { ...service, specVersion, spec });
        });
        results.push(JSON.stringify(cluster.tasks("a")));
      }
      expect(results[1]).toBe(results[0]);
    }),
    { numRuns: 60 },
  );
}, 60_000);
