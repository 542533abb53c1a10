// Goal: the quorum becomes what the nodes' specs say, step by step, and never less than it can bear.
// Method: nodes and members given, steps wanted.
import { describe, expect, test } from "vitest";
import type { Node } from "@skein/model";
import type { Draft, Store } from "@skein/store";
import { updateNode } from "../control-api/nodes.ts";
import { aCluster, aNode } from "../testing/builders.ts";
import { aStore } from "../testing/view.ts";
import type { MemberStep, QuorumMember } from "./roles.ts";
import { planMembers, recordManagerAddress, releaseManager } from "./roles.ts";

const aManager = (id: string, parts: Partial<Node> = {}): Draft<Node> => {
  const node = aNode(id);
  const spec = { ...node.spec, Role: "manager" as const };
  return { ...node, role: "manager", spec, managerAddr: `${id}:2377`, etcd: "3.4.23", ...parts };
};

const demoted = (id: string): Draft<Node> =>
  aManager(id, { spec: { ...aNode(id).spec, Role: "worker" } });

const member = (name: string, parts: Partial<QuorumMember> = {}): QuorumMember => ({
  id: `id-${name}`,
  name,
  addr: `${name}:2377`,
  learner: false,
  ...parts,
});

const storeWith = async (...nodes: readonly Draft<Node>[]): Promise<Store> => {
  const store = await aStore();
  await store.transact((tx) => {
    tx.put("clusters", aCluster(5));
    for (const node of nodes) tx.put("nodes", node);
  });
  return store;
};

const cases: readonly {
  readonly title: string;
  readonly nodes: readonly Draft<Node>[];
  readonly members: readonly QuorumMember[];
  readonly steps: readonly MemberStep[];
}[] = [
  {
    title: "a quorum as it should be needs nothing",
    nodes: [aManager("m1"), aManager("m2"), aNode("w1")],
    members: [member("m1"), member("m2")],
    steps: [],
  },
  {
    title: "a learner gets its vote, also before it has told its name",
    nodes: [aManager("m1"), aManager("m2")],
    members: [member("m1"), member("", { id: "id-m2", addr: "m2:2377", learner: true })],
    steps: [
      {
        kind: "promote",
        member: member("", { id: "id-m2", addr: "m2:2377", learner: true }),
      },
    ],
  },
  {
    title: "a manager that is reached elsewhere is told to the others",
    nodes: [aManager("m1"), aManager("m2", { managerAddr: "new:2377" })],
    members: [member("m1"), member("m2")],
    steps: [{ kind: "readdress", member: member("m2"), addr: "new:2377" }],
  },
  {
    title: "a demoted manager is taken out",
    nodes: [aManager("m1"), demoted("m2")],
    members: [member("m1"), member("m2")],
    steps: [{ kind: "remove", member: member("m2") }],
  },
  {
    title: "and becomes a worker when it is out",
    nodes: [aManager("m1"), demoted("m2")],
    members: [member("m1")],
    steps: [{ kind: "release", nodeId: "m2" }],
  },
  {
    title: "a leader that is demoted steps down first",
    nodes: [demoted("m1"), aManager("m2")],
    members: [member("m1"), member("m2")],
    steps: [{ kind: "step-down" }],
  },
  {
    title: "a member whose node is gone is taken out",
    nodes: [aManager("m1")],
    members: [member("m1"), member("lost")],
    steps: [{ kind: "remove", member: member("lost") }],
  },
];

test.each(cases)("$title", async ({ nodes, members, steps }) => {
  const store = await storeWith(...nodes);
  expect(planMembers(store.view, members, "m1")).toEqual(steps);
});

test("a released manager is a worker without a manager's address; a wanted one stays", async () => {
  const store = await storeWith(demoted("m1"), aManager("m2"));
  await store.transact((tx) => {
    releaseManager(tx, "m1");
    releaseManager(tx, "m2");
  });
  expect(store.view.get("nodes", "m1")).toMatchObject({ role: "worker" });
  expect(store.view.get("nodes", "m1")?.managerAddr).toBeUndefined();
  expect(store.view.get("nodes", "m2")?.role).toBe("manager");
});

describe("changing a node's role", () => {
  const change = async (
    store: Store,
    id: string,
    Role: "manager" | "worker",
  ): Promise<Node | undefined> => {
    const node = store.view.get("nodes", id);
    await store.transact((tx) =>
      updateNode(tx, {
        id,
        version: node?.version ?? 0,
        spec: { ...(node?.spec ?? aNode(id).spec), Role },
      }),
    );
    return store.view.get("nodes", id);
  };

  test("a promoted worker is a manager at once, if etcd is there", async () => {
    const store = await storeWith(aManager("m1"), { ...aNode("w1"), etcd: "3.4.23" }, aNode("w2"));
    expect(await change(store, "w1", "manager")).toMatchObject({ role: "manager" });
    await expect(change(store, "w2", "manager")).rejects.toThrow("apt-get install etcd-server");
    expect(store.view.get("nodes", "w2")?.spec.Role).toBe("worker");
  });

  test("a demoted manager stays one until it is out of the quorum", async () => {
    const store = await storeWith(aManager("m1"), aManager("m2"), aManager("m3"));
    expect(await change(store, "m2", "worker")).toMatchObject({
      role: "manager",
      spec: { Role: "worker" },
    });
  });

  test("the last manager, and one without whom the quorum would be lost, are not demoted", async () => {
    const alone = await storeWith(aManager("m1"));
    await expect(change(alone, "m1", "worker")).rejects.toThrow(
      "attempting to demote the last manager of the swarm",
    );
    const down = { state: "down" as const, message: "", addr: "" };
    const three = await storeWith(aManager("m1"), aManager("m2"), aManager("m3", { status: down }));
    await expect(change(three, "m2", "worker")).rejects.toThrow("loss of quorum");
    expect(await change(three, "m3", "worker")).toMatchObject({ spec: { Role: "worker" } });
  });
});

test("who comes to the address of another manager takes its place", async () => {
  const store = await storeWith(
    aManager("m1"),
    aManager("m2"),
    aManager("new", { managerAddr: "" }),
  );
  await store.transact((tx) => recordManagerAddress(tx, "new", "m2:2377"));
  expect(store.view.get("nodes", "new")).toMatchObject({ role: "manager", managerAddr: "m2:2377" });
  expect(store.view.get("nodes", "m2")).toMatchObject({ role: "worker", spec: { Role: "worker" } });
  expect(store.view.get("nodes", "m2")).not.toHaveProperty("managerAddr");
  expect(store.view.get("nodes", "m1")).toMatchObject({ managerAddr: "m1:2377" });
});
