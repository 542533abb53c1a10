// Goal: addresses and ports are given once, in the same commit, and come back when they are not needed.
// Method: the real store and pipeline with agents of a few lines.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { aNetwork, aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";

const open = async (subnet = "10.0.5.0/24"): Promise<TestCluster> => {
  const cluster = await TestCluster.open({ nodes: ["n1", "n2"].map((id) => aNode(id)) });
  await cluster.edit((tx) => {
    tx.put("networks", aNetwork("ingress", "10.0.0.0/24", true));
    tx.put("networks", aNetwork("back", subnet));
  });
  return cluster;
};

const addressesOf = (cluster: TestCluster, networkId: string): readonly string[] => {
  const { view } = cluster;
  const tasks = [...view.all("tasks").values()].filter(({ status }) =>
    ["pending", "assigned", "running"].includes(status.state),
  );
  const held = [
    ...tasks.flatMap(({ networks }) => networks ?? []),
    ...[...view.all("nodes").values()].flatMap(({ attachments }) => attachments ?? []),
  ].filter((one) => one.networkId === networkId);
  const vips = [...view.all("services").values()]
    .flatMap(({ endpoint }) => endpoint?.VirtualIPs ?? [])
    .filter(({ NetworkID }) => NetworkID === networkId)
    .map(({ Addr }) => (Addr ?? "").split("/")[0] ?? "");
  return [...held.flatMap(({ addresses }) => addresses), ...vips];
};

test("a service on a network gets its VIP, its tasks and nodes their addresses, in one commit", async () => {
  const cluster = await open();
  await cluster.create("web", { replicas: 3, networks: ["back"] });
  const { endpoint } = cluster.service();
  expect(endpoint?.VirtualIPs).toEqual([{ NetworkID: "back", Addr: "10.0.5.2/24" }]);
  const tasks = cluster.tasks();
  expect(tasks.map(({ networks }) => networks?.[0]?.networkId)).toEqual(["back", "back", "back"]);
  const used = addressesOf(cluster, "back");
  expect(new Set(used).size).toBe(3 + 2 + 1);
  expect(used).not.toContain("10.0.5.1");
});

test("dnsrr needs no VIP; a change of mode takes it back, and the address rests before its next use", async () => {
  const cluster = await open();
  await cluster.create("web", { networks: ["back"] });
  const [vip] = cluster.service().endpoint?.VirtualIPs ?? [];
  await cluster.update("web", { networks: ["back"], endpoint: { Mode: "dnsrr" } });
  await cluster.settle();
  expect(cluster.service().endpoint?.VirtualIPs).toBeUndefined();
  await cluster.create("other", { networks: ["back"] });
  expect(cluster.service("other").endpoint?.VirtualIPs).not.toEqual([vip]);
});

test("mesh ports get numbers from 30000, once per protocol, and keep them over updates", async () => {
  const cluster = await open();
  const port = { TargetPort: 80, PublishMode: "ingress" } as const;
  const Ports = [
    { ...port, Protocol: "tcp" },
    { ...port, Protocol: "udp" },
  ] as const;
  await cluster.create("one", { endpoint: { Ports } });
  await cluster.create("two", { endpoint: { Ports } });
  const numbers = (id: string): readonly unknown[] =>
    (cluster.service(id).endpoint?.Ports ?? []).map(({ PublishedPort }) => PublishedPort);
  expect(numbers("one")).toEqual([30_000, 30_000]);
  expect(numbers("two")).toEqual([30_001, 30_001]);
  await cluster.edit((tx) => tx.delete("services", "one"));
  await cluster.update("two", { image: "app:2", endpoint: { Ports } });
  expect(numbers("two")).toEqual([30_001, 30_001]);
  expect(cluster.service("two").endpoint?.VirtualIPs?.[0]?.NetworkID).toBe("ingress");
});

test("an exhausted network is said on the task, and it goes on when an address is free", async () => {
  const cluster = await open("10.0.5.0/29");
  await cluster.create("one", { replicas: 2, networks: ["back"] });
  await cluster.settle();
  await cluster.create("two", { replicas: 1, networks: ["back"] });
  const [waiting] = cluster.tasks("two");
  expect(waiting?.status).toMatchObject({
    state: "new",
    err: "no address is left in network back (10.0.5.0/29)",
  });
  await cluster.update("one", { replicas: 1, networks: ["back"] });
  await cluster.pass(20_000);
  expect(cluster.running("two")).toHaveLength(1);
});

test("a network without an address for the node says so on the task, and goes on when one is free", async () => {
  const cluster = await open("10.0.5.0/29");
  // Five addresses to give: one VIP and four tasks leave none for the nodes.
  await cluster.create("one", { replicas: 4, networks: ["back"] });
  const nodes = (): number =>
    [...cluster.view.all("nodes").values()].filter(({ attachments }) =>
      attachments?.some(({ networkId }) => networkId === "back"),
    ).length;
  expect(nodes()).toBe(0);
  const errors = new Set(cluster.tasks("one").map(({ status }) => status.err));
  expect(errors).toEqual(
    new Set(["no address is left in network back (10.0.5.0/29) for this node"]),
  );
  await cluster.update("one", { replicas: 1, networks: ["back"] });
  await cluster.pass(20_000);
  expect(nodes()).toBe(1);
});

test("nothing is given twice, and all comes back: whatever is created, scaled, drained and removed", async () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("scale"), id: fc.integer({ max: 3, min: 0 }), n: fc.nat(6) }),
    fc.record({ kind: fc.constant("remove"), id: fc.integer({ max: 3, min: 0 }), n: fc.nat(1) }),
    fc.record({ kind: fc.constant("drain"), id: fc.integer({ max: 1, min: 0 }), n: fc.nat(1) }),
    fc.record({ kind: fc.constant("pass"), id: fc.constant(0), n: fc.nat(9) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const cluster = await open("10.0.5.0/26");
      for (const { kind, id, n } of operations) {
        const name = `s${id}`;
        const wish = { replicas: n, networks: ["back"] };
        if (kind === "pass") await cluster.pass(n * 1000);
        else if (kind === "drain")
          await cluster.setAvailability(`n${id + 1}`, n === 0 ? "active" : "drain");
        else if (kind === "remove") await cluster.edit((tx) => tx.delete("services", name));
        else if (cluster.view.get("services", name)) await cluster.update(name, wish);
        else await cluster.create(name, wish);
        const used = addressesOf(cluster, "back");
        expect(new Set(used).size).toBe(used.length);
      }
      for (let id = 0; id < 4; id += 1) await cluster.edit((tx) => tx.delete("services", `s${id}`));
      await cluster.pass(120_000);
      expect(addressesOf(cluster, "back")).toEqual([]);
      expect(addressesOf(cluster, "ingress")).toHaveLength(2);
    }),
    { numRuns: 60 },
  );
});
