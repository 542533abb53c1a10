// Goal: whoever takes the cluster over is its only manager, and nothing else changes.
// Method: nodes given, nodes wanted.
import { expect, test } from "vitest";
import type { Node } from "@skein/model";
import type { Draft, Store } from "@skein/store";
import { aCluster, aNode } from "../testing/builders.ts";
import { aStore } from "../testing/view.ts";
import { planMembers } from "./roles.ts";
import { takeOver } from "./take-over.ts";

const aManager = (id: string): Draft<Node> => {
  const node = aNode(id);
  const spec = { ...node.spec, Role: "manager" as const };
  return { ...node, role: "manager", spec, managerAddr: `${id}:2377` };
};

const storeWith = async (...nodes: readonly Draft<Node>[]): Promise<Store> => {
  const store = await aStore();
  await store.transact((tx) => {
    tx.put("clusters", aCluster(5));
    for (const node of nodes) tx.put("nodes", node);
  });
  return store;
};

const rolesOf = ({ view }: Store): readonly string[] =>
  [...view.all("nodes").values()].map(
    ({ id, role, spec, managerAddr = "-" }) => `${id} ${role} ${spec.Role} ${managerAddr}`,
  );

const self = (id: string, managerAddr: string) =>
  ({
    id,
    role: "manager",
    availability: "active",
    managerAddr,
    hasExternalStore: false,
  }) as const;

test("the manager that is left is the only one, at the address that it has now", async () => {
  const store = await storeWith(aManager("m1"), aManager("m2"), aManager("m3"), aNode("w1"));
  const before = store.view.get("nodes", "w1");
  await store.transact((tx) => takeOver(tx, self("m2", "other:2377")));
  expect(rolesOf(store)).toEqual([
    "m1 worker worker -",
    "m2 manager manager other:2377",
    "m3 worker worker -",
    "w1 worker worker -",
  ]);
  expect(store.view.get("nodes", "w1")).toBe(before);
  const member = { id: "1", name: "m2", addr: "m2:2377", learner: false };
  expect(planMembers(store.view, [member], "m2")).toEqual([
    { kind: "readdress", member, addr: "other:2377" },
  ]);
});

test("a node that the state does not know is recorded", async () => {
  const store = await storeWith(aManager("m1"), aNode("w1"));
  await store.transact((tx) => takeOver(tx, self("new", "new:2377")));
  expect(rolesOf(store)).toEqual([
    "m1 worker worker -",
    "w1 worker worker -",
    "new manager manager new:2377",
  ]);
});

test("one that was on its way to being a worker stays a manager", async () => {
  const leaving = aManager("m1");
  const store = await storeWith({ ...leaving, spec: { ...leaving.spec, Role: "worker" } });
  await store.transact((tx) => takeOver(tx, self("m1", "m1:2377")));
  expect(rolesOf(store)).toEqual(["m1 manager manager m1:2377"]);
});

test("a backup of managers with an etcd of their own begins anew without it", async () => {
  const store = await storeWith(aManager("m1"));
  const isExternal = (): unknown => [...store.view.all("clusters").values()][0]?.externalStore;
  await store.transact((tx) => tx.put("clusters", { ...aCluster(5), externalStore: true }));
  await store.transact((tx) => takeOver(tx, { ...self("m1", "m1:2377"), hasExternalStore: true }));
  expect(isExternal()).toBe(true);
  await store.transact((tx) => takeOver(tx, self("m1", "m1:2377")));
  expect(isExternal()).toBeUndefined();
});
