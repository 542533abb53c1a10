// Goal: containers outside of services get addresses once, keep what they had if it is free, and lose it
// with their node; others hear of them.
// Method: the real store and pipeline; agents are the calls that they make.
import type { RefusedPlace, WantedAttachment, WantedPlace } from "@skein/model";
import { expect, test } from "vitest";
import { AddressAllocator } from "../allocator/addresses.ts";
import { ORPHAN_AFTER_MS } from "../constraint-enforcer/enforce.ts";
import { removeNetwork } from "../control-api/networks.ts";
import { aNetwork, aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import { applyAttachments } from "./attachments.ts";
import { networkTable } from "./tables.ts";

interface Rig {
  readonly cluster: TestCluster;
  readonly say: (
    nodeId: string,
    ...containers: readonly WantedAttachment[]
  ) => Promise<readonly RefusedPlace[]>;
}

const rig = async (subnet = "10.0.5.0/24"): Promise<Rig> => {
  const cluster = await TestCluster.open({ nodes: ["n1", "n2"].map((id) => aNode(id)) });
  await cluster.edit((tx) => {
    tx.put("networks", { ...aNetwork("back", subnet), attachable: true });
    tx.put("networks", aNetwork("closed", "10.0.6.0/24"));
  });
  const allocator = new AddressAllocator();
  const say: Rig["say"] = async (nodeId, ...containers) => {
    let refused: readonly RefusedPlace[] = [];
    await cluster.edit((tx) => {
      refused = applyAttachments(tx, { nodeId, containers }, allocator);
    });
    return refused;
  };
  return { cluster, say };
};

const want = (
  id: string,
  addresses: readonly string[] = [],
  more: Partial<WantedPlace> = {},
): WantedAttachment => ({
  id,
  name: `name-of-${id}`,
  networks: [{ networkId: "back", addresses, aliases: [], fixed: false, ...more }],
});

const addressOf = ({ cluster }: Rig, id: string): string | undefined =>
  cluster.view.get("attachments", id)?.networks[0]?.addresses[0];

const hasGateway = ({ cluster }: Rig, nodeId: string): boolean =>
  cluster.view.get("nodes", nodeId)?.attachments?.some(({ networkId }) => networkId === "back") ??
  false;

test("a container gets an address, its node a gateway, and every node of the network hears its names", async () => {
  const all = await rig();
  expect(await all.say("n1", want("c1", [], { aliases: ["db"] }))).toEqual([]);
  await all.say("n2", want("c2"));
  expect(hasGateway(all, "n1")).toBe(true);
  const { view } = all.cluster;
  const network = view.get("networks", "back");
  const table = network && networkTable(view, network, 0);
  expect(table?.endpoints).toEqual([
    {
      id: "c1",
      name: "name-of-c1",
      nodeId: "n1",
      addresses: [addressOf(all, "c1")],
      slot: 0,
      aliases: ["db", "c1"],
      active: true,
    },
    expect.objectContaining({ id: "c2", nodeId: "n2" }),
  ]);
  await all.say("n1");
  expect(addressOf(all, "c1")).toBeUndefined();
  expect(hasGateway(all, "n1")).toBe(false);
});

test("an address moves from what was about to be made to the container, and comes back after a stop", async () => {
  const all = await rig();
  await all.say("n1", want("about-to-be"));
  const address = addressOf(all, "about-to-be") ?? "";
  await all.say("n1", want("c1", [address]));
  expect([addressOf(all, "c1"), addressOf(all, "about-to-be")]).toEqual([address, undefined]);
  await all.say("n1");
  await all.say("n1", want("c1", [address]));
  expect(addressOf(all, "c1")).toBe(address);
  await all.say("n1");
  await all.say("n2", want("thief", [address]));
  await all.say("n1", want("c1", [address]));
  expect(addressOf(all, "c1")).not.toBe(address);
});

test("what was asked for is given or refused, and a refusal takes nothing", async () => {
  const all = await rig();
  const fixed = { fixed: true };
  expect(await all.say("n1", want("c1", ["10.0.5.77"], fixed))).toEqual([]);
  expect(await all.say("n2", want("c2", ["10.0.5.77"], fixed))).toMatchObject([
    { id: "c2", networkId: "back", kind: "failed-precondition" },
  ]);
  expect(await all.say("n2", want("c2", ["10.9.0.1"], fixed))).toMatchObject([
    { kind: "invalid-parameter" },
  ]);
  expect(await all.say("n2", want("c2", [], { networkId: "closed" }))).toMatchObject([
    { kind: "forbidden", message: "network closed not manually attachable" },
  ]);
  expect(await all.say("n2", want("c2", [], { networkId: "nosuch" }))).toMatchObject([
    { kind: "not-found" },
  ]);
  expect(await all.say("n2", want("c2", ["10.0.5.1"], fixed))).toMatchObject([
    { kind: "failed-precondition" },
  ]);
  expect([...all.cluster.view.all("attachments").keys()]).toEqual(["c1"]);
  expect(hasGateway(all, "n2")).toBe(false);
});

test("a network without free addresses refuses; the same set again changes nothing", async () => {
  const all = await rig("10.0.5.0/29");
  // Six addresses: the gateway's, the node's, and four more.
  const four = ["a", "b", "c", "d"].map((id) => want(id));
  expect(await all.say("n1", ...four)).toEqual([]);
  const version = all.cluster.view.get("attachments", "a")?.version;
  const refused = await all.say("n1", ...four, want("e"));
  expect(refused.map(({ message }) => message)).toEqual([
    "no address is left in network back (10.0.5.0/29)",
  ]);
  expect(all.cluster.view.get("attachments", "a")?.version).toBe(version);
});

test("a network in use is not removed; a node that is removed frees what it had at once", async () => {
  const all = await rig();
  await all.say("n1", want("c1"));
  await expect(all.cluster.edit((tx) => removeNetwork(tx, "back"))).rejects.toThrow(
    "network back is in use by container name-of-c1 on node n1",
  );
  await all.cluster.edit((tx) => tx.delete("nodes", "n1"));
  expect(all.cluster.view.all("attachments").size).toBe(0);
  await all.cluster.edit((tx) => removeNetwork(tx, "back"));
  expect(all.cluster.view.get("networks", "back")).toBeUndefined();
});

test("a node that is down keeps its containers' addresses for a day, as it does its tasks'", async () => {
  const all = await rig();
  const { cluster } = all;
  await all.say("n1", want("c1"));
  await cluster.edit((tx) =>
    tx.put("nodes", aNode("n1", { state: "down", downSince: cluster.now })),
  );
  expect(addressOf(all, "c1")).toBeDefined();
  cluster.now += ORPHAN_AFTER_MS;
  await cluster.edit(() => {});
  expect(addressOf(all, "c1")).toBeUndefined();
});
