// Goal: whatever a node was told bit by bit, it then knows what the leader's state says of its networks.
// Method: a thousand nodes without engines; sessions break, nodes read late; then all tables are compared.
import { seededRandom } from "@skein/base";
import { expect, test } from "vitest";
import { runTableChurn } from "../src/index.ts";

test("a thousand nodes' tables are equal to the leader's after quiet", async () => {
  const { violation, compared } = await runTableChurn({ seed: 1, nodes: 1000, steps: 150 });
  expect(violation).toBeUndefined();
  expect(compared).toBeGreaterThan(100_000);
});

test("a change that is left out is found", async () => {
  const random = seededRandom(1);
  const { violation } = await runTableChurn({
    seed: 1,
    nodes: 20,
    steps: 150,
    spoils: (message) =>
      message.kind === "delta" && random.next() < 0.01
        ? {
            ...message,
            changes: message.changes.map(({ id, base, version }) => ({ id, base, version })),
          }
        : message,
  });
  expect(violation).toBeDefined();
});

test("a message that is lost is noticed, and made up for in a new session", async () => {
  const random = seededRandom(2);
  const { violation } = await runTableChurn({
    seed: 2,
    nodes: 20,
    steps: 600,
    spoils: (message, step) => {
      const { portChanges: _portChanges, ...rest } = message;
      const isSafe = step > 100 || message.networks.length + message.removed.length > 0;
      return isSafe || random.next() > 0.02 ? message : { ...rest, changes: [] };
    },
  });
  expect(violation).toBeUndefined();
});
