// Goal: networks get what is free, and what is wrong is refused before anything is written.
// Method: operations on a store with the real pipeline.
import { OperationError } from "@skein/base";
import type { NetworkCreateRequest } from "@skein/wire";
import { expect, test } from "vitest";
import { TestCluster } from "../testing/test-cluster.ts";
import { aNetwork, aNode } from "../testing/builders.ts";
import { createNetwork, removeNetwork } from "./networks.ts";

const request = (Name: string, more: Partial<NetworkCreateRequest> = {}): NetworkCreateRequest => ({
  Name,
  Driver: "overlay",
  Scope: "",
  Internal: false,
  Attachable: false,
  Ingress: false,
  ConfigOnly: false,
  Options: null,
  Labels: null,
  ...more,
});

const ipam = (config: object): Partial<NetworkCreateRequest> => ({
  IPAM: { Driver: "default", Options: null, Config: [config] },
});

const open = async (): Promise<TestCluster> => {
  const cluster = await TestCluster.open({ nodes: [aNode("n1")] });
  await cluster.edit((tx) => tx.put("networks", aNetwork("ingress", "10.0.0.0/24", true)));
  return cluster;
};

const problem = async (cluster: TestCluster, wrong: NetworkCreateRequest): Promise<string> => {
  const before = cluster.view.all("networks").size;
  const error: unknown = await cluster
    .edit((tx) => createNetwork(tx, `id-${wrong.Name}`, wrong))
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(cluster.view.all("networks").size).toBe(before);
  return error instanceof OperationError ? `${error.kind}: ${error.message}` : String(error);
};

test("networks take the next free subnet and VXLAN identifier; a removed one's is free again", async () => {
  const cluster = await open();
  const made = async (name: string): Promise<unknown> => {
    const { subnets, vni } = await cluster.edit((tx) => createNetwork(tx, name, request(name)));
    return [subnets, vni];
  };
  expect(await made("a")).toEqual([[{ subnet: "10.0.1.0/24", gateway: "10.0.1.1" }], 4097]);
  expect(await made("b")).toEqual([[{ subnet: "10.0.2.0/24", gateway: "10.0.2.1" }], 4098]);
  await cluster.edit((tx) => removeNetwork(tx, "a"));
  expect(await made("c")).toEqual([[{ subnet: "10.0.1.0/24", gateway: "10.0.1.1" }], 4099]);
});

test("IPv6 adds a unique local subnet", async () => {
  const cluster = await open();
  const { subnets } = await cluster.edit((tx) =>
    createNetwork(tx, "six", request("six", { EnableIPv6: true })),
  );
  expect(subnets[1]?.subnet).toMatch(/^fd[0-9a-f]{2}:.*::\/64$/);
  await cluster.create("web", { networks: ["six"] });
  expect(cluster.tasks()[0]?.networks?.[0]?.addresses).toHaveLength(2);
  expect(cluster.service().endpoint?.VirtualIPs).toHaveLength(2);
});

test.each([
  ["conflict: network with name INGRESS already exists", request("INGRESS")],
  ["invalid-parameter: name must be valid as a DNS name component", request("x.y")],
  ["invalid-parameter: invalid name: ", request("")],
  ["forbidden: operation is not permitted on predefined none network", request("none")],
  [
    "forbidden: cannot downgrade network scope for overlay networks",
    request("a", { Scope: "local" }),
  ],
  [
    "forbidden: Pool overlaps with other one on this address space: 10.0.0.128/25 is in use by another network",
    request("a", ipam({ Subnet: "10.0.0.128/25" })),
  ],
  [
    "invalid-parameter: ipam configuration: subnet 10.67.9.0/24 does not contain range 10.99.0.0/24",
    request("a", ipam({ Subnet: "10.67.9.0/24", IPRange: "10.99.0.0/24" })),
  ],
  [
    "invalid-parameter: ipam configuration: subnet 10.67.9.0/24 does not contain gateway 10.99.0.1",
    request("a", ipam({ Subnet: "10.67.9.0/24", Gateway: "10.99.0.1" })),
  ],
  [
    "invalid-parameter: Invalid subnet nonsense : invalid CIDR address: nonsense",
    request("a", ipam({ Subnet: "nonsense" })),
  ],
  ["conflict: ingress network (ingress) is already present", request("a", { Ingress: true })],
  [
    "invalid-parameter: ingress network cannot be attachable",
    request("a", { Ingress: true, Attachable: true }),
  ],
])("%s", async (text, wrong) => {
  expect(await problem(await open(), wrong)).toBe(text);
});

test("a network in use stays, and says by whom", async () => {
  const cluster = await open();
  await cluster.edit((tx) => createNetwork(tx, "back", request("back")));
  await cluster.create("web", { networks: ["back"] });
  await cluster.settle();
  const remove = (id: string): Promise<void> => cluster.edit((tx) => removeNetwork(tx, id));
  await expect(remove("back")).rejects.toThrow("network back is in use by service web");
  await cluster.create("mesh", {
    endpoint: { Ports: [{ TargetPort: 80, PublishMode: "ingress" }] },
  });
  await expect(remove("ingress")).rejects.toThrow(
    "ingress network cannot be removed because service mesh depends on it",
  );
});

test("a network goes with the last task of a service that was removed; its name is free at once", async () => {
  const cluster = await open();
  await cluster.edit((tx) => createNetwork(tx, "back", request("back")));
  await cluster.create("web", { networks: ["back"] });
  await cluster.settle();
  await cluster.edit((tx) => tx.delete("services", "web"));
  await cluster.edit((tx) => removeNetwork(tx, "back"));
  expect(cluster.view.get("networks", "back")?.removing).toBe(true);
  await cluster.edit((tx) => createNetwork(tx, "again", request("back")));
  await cluster.pass(60_000);
  expect([...cluster.view.all("networks").keys()].toSorted()).toEqual(["again", "ingress"]);
});
