// Goal: the root can be rotated while everything fails, and no node is ever cut off by it.
// Method: real keepers, dispatcher and loops in virtual time; certificates that are only names.
import { theCluster } from "@skein/manager";
import type { Planner } from "@skein/store";
import { expect, test } from "vitest";
import { simulateRotation } from "../src/index.ts";

test("100 nodes follow within seconds, while 30 of them crash and come back", async () => {
  const options = { seed: 1, nodes: 100, minutes: 0, idle: true, crashes: 30 };
  const { duration, violation } = await simulateRotation(options);
  expect(violation).toBeUndefined();
  expect(duration).toBeLessThan(10_000);
});

test.each([3, 5])(
  "after minutes of faults, changes and rotations nobody was cut off, and all follow, seed %i",
  async (seed) => {
    const { duration, violation } = await simulateRotation({ seed, nodes: 3 + seed, minutes: 3 });
    expect(violation).toBeUndefined();
    expect(duration).toBeLessThan(60_000);
  },
);

/** Does not wait for nodes that are away. */
const impatient = (planner: Planner): Planner => ({
  ...planner,
  plan: (tx, changes) => {
    planner.plan(tx, changes);
    const cluster = theCluster(tx);
    const { rotation } = cluster.rootCa;
    if (!rotation) return;
    const present = [...tx.all("nodes").values()].filter(({ status }) => status.state === "ready");
    const { certificate, key, issuer } = rotation;
    if (present.every((node) => node.description?.TLSInfo.CertIssuerPublicKey === issuer.publicKey))
      tx.put("clusters", { ...cluster, rootCa: { certificate, key, issuer } });
  },
});

test("a rotation that forgets who is away is found", async () => {
  const options = { seed: 2, nodes: 5, minutes: 5, sabotage: impatient };
  expect((await simulateRotation(options)).violation).toContain("do not trust each other");
});
