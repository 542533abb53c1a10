// Goal: the cluster has keys while it needs them, rotates them in time, tells them to those who need them
// and shows them to nobody; tasks go only where the kernel can encrypt.
// Method: operations on a store with the real pipeline, and with the real dispatcher.
import { newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import { PROTOCOL_VERSION } from "@skein/model";
import type { DownMessage, EncryptionSupport, Network, NetworkKeyNews, Node } from "@skein/model";
import type { Draft } from "@skein/store";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import { expect, test } from "vitest";
import { createNetwork } from "../control-api/networks.ts";
import { Leader } from "../leader.ts";
import { toApiNode, toClusterInfo } from "../present/cluster.ts";
import { explainPlacement } from "../scheduler/explain.ts";
import { createService } from "../service-spec.ts";
import { aCluster, anAllocator, aNetwork, aNode, aSpec } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import { DEFAULT_KEY_PERIOD_MS } from "./encryption.ts";

const able: EncryptionSupport = { supported: true };
const unable: EncryptionSupport = {
  supported: false,
  reason: "this node's kernel lacks IPsec ESP (CONFIG_INET_ESP)",
};

const node = (id: string, encryption?: EncryptionSupport): Draft<Node> => ({
  ...aNode(id),
  ...(encryption ? { encryption } : {}),
});

const secret = (id: string, subnet = "10.0.7.0/24"): Draft<Network> => ({
  ...aNetwork(id, subnet),
  driver: { name: "overlay", options: { encrypted: "" } },
});

const ringOf = ({ view }: TestCluster | Store) =>
  [...view.all("clusters").values()][0]?.networkKeys;

const numbers = (cluster: TestCluster): readonly (number | undefined)[] => {
  const ring = ringOf(cluster);
  return [ring?.previous.number, ring?.current.number, ring?.next.number];
};

test("keys are made with the first encrypted network, and go with the last", async () => {
  const cluster = await TestCluster.open({ nodes: [node("n1", able)] });
  await cluster.edit((tx) => tx.put("networks", aNetwork("plain", "10.0.5.0/24")));
  expect(ringOf(cluster)).toBeUndefined();
  await cluster.edit((tx) => tx.put("networks", secret("back")));
  expect(numbers(cluster)).toEqual([1, 2, 3]);
  const { previous, current, next } = ringOf(cluster) ?? {};
  const secrets = [previous, current, next].map((key) => key?.secret ?? "");
  expect(new Set(secrets).size).toBe(3);
  for (const one of secrets) expect(one).toMatch(/^[0-9a-f]{64}$/);
  await cluster.edit((tx) => tx.put("networks", secret("front", "10.0.8.0/24")));
  expect(ringOf(cluster)?.current).toEqual(current);
  await cluster.edit((tx) => tx.delete("networks", "back"));
  expect(ringOf(cluster)?.current).toEqual(current);
  await cluster.edit((tx) => tx.delete("networks", "front"));
  expect(ringOf(cluster)).toBeUndefined();
});

test("a key is current for twelve hours, then the next one is; never two steps at once", async () => {
  const cluster = await TestCluster.open({ nodes: [node("n1", able)] });
  await cluster.edit((tx) => tx.put("networks", secret("back")));
  const next = ringOf(cluster)?.next;
  const made = cluster.now;
  expect(cluster.wakeAt).toBe(made + DEFAULT_KEY_PERIOD_MS);
  cluster.now = made + DEFAULT_KEY_PERIOD_MS - 1;
  await cluster.edit((tx) => tx.put("networks", aNetwork("plain", "10.0.5.0/24")));
  expect(numbers(cluster)).toEqual([1, 2, 3]);
  cluster.now = made + DEFAULT_KEY_PERIOD_MS;
  await cluster.edit(() => undefined);
  expect(numbers(cluster)).toEqual([2, 3, 4]);
  expect(ringOf(cluster)?.current).toEqual(next);
  // The leader was away for a week.
  cluster.now += 14 * DEFAULT_KEY_PERIOD_MS;
  await cluster.edit(() => undefined);
  expect(numbers(cluster)).toEqual([3, 4, 5]);
  expect(cluster.wakeAt).toBe(cluster.now + DEFAULT_KEY_PERIOD_MS);
});

test("a clock that was far ahead does not keep a key for ever", async () => {
  const cluster = await TestCluster.open({ nodes: [node("n1", able)] });
  const start = cluster.now;
  cluster.now = start + 1000 * DEFAULT_KEY_PERIOD_MS;
  await cluster.edit((tx) => tx.put("networks", secret("back")));
  cluster.now = start;
  await cluster.edit((tx) => tx.put("networks", aNetwork("plain", "10.0.5.0/24")));
  expect(numbers(cluster)).toEqual([2, 3, 4]);
  expect(ringOf(cluster)?.rotatedAt).toBe(start);
});

test("an encrypted network is refused while no node that is ready can have it, and the reason is told", async () => {
  const request = {
    Name: "back",
    Driver: "overlay",
    Scope: "",
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigOnly: false,
    Options: { encrypted: "" },
    Labels: null,
  };
  const cluster = await TestCluster.open({
    nodes: [
      node("n1", unable),
      { ...node("n2", able), status: aNode("n2", { state: "down" }).status },
    ],
  });
  const create = () => cluster.edit((tx) => createNetwork(tx, "back", request));
  await expect(create()).rejects.toMatchObject({
    kind: "failed-precondition",
    message: expect.stringContaining("n1: this node's kernel lacks IPsec ESP (CONFIG_INET_ESP)"),
  });
  expect(cluster.view.all("networks").size).toBe(0);
  await cluster.edit((tx) => tx.put("nodes", node("n2", able)));
  await create();
  expect(cluster.view.get("networks", "back")?.driver.options).toEqual({ encrypted: "" });
});

test("tasks on an encrypted network go to nodes that can have it; otherwise they wait and say why", async () => {
  const cluster = await TestCluster.open({ nodes: [node("n1", unable), node("n2")] });
  await cluster.edit((tx) => tx.put("networks", secret("back")));
  const spec = aSpec({ replicas: 2, networks: ["back"] });
  await cluster.edit((tx) => createService(tx, { id: "web", spec }));
  const tasks = () => [...cluster.view.tasksOfService("web").values()];
  expect(tasks().map(({ status }) => status.err)).toEqual(
    Array(2).fill("no suitable node (no IPsec ESP for encrypted networks on 2 nodes)"),
  );
  expect(explainPlacement(cluster.view, tasks()[0]?.id ?? "").map(({ reason }) => reason)).toEqual([
    `encrypted networks back: ${unable.reason}`,
    "encrypted networks back: this node has not said that its kernel has IPsec ESP",
  ]);
  await cluster.edit((tx) => {
    const known = tx.get("nodes", "n2");
    if (known) tx.put("nodes", { ...known, encryption: able });
  });
  expect(tasks().map(({ nodeId }) => nodeId)).toEqual(["n2", "n2"]);
});

test("nodes are told the keys when they come on an encrypted network, before its table, and no others are", async () => {
  const clock = newVirtualClock();
  const log = openMemoryLog(newMemoryDisk());
  const store = await Store.open(log, clock);
  const leader = new Leader({
    allocator: anAllocator(),
    store,
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    networkKeyPeriodMs: 3000,
  });
  leader.start(await log.campaign("m", new AbortController().signal));
  await store.transact((tx) => {
    tx.put("clusters", aCluster(5));
    tx.put("networks", secret("back"));
    for (const id of ["n1", "n2"]) tx.put("nodes", aNode(id));
  });
  const connect = async (id: string, encryption: EncryptionSupport): Promise<DownMessage[]> => {
    const got: DownMessage[] = [];
    const description = aNode(id).description;
    if (!description) throw new Error("a node has a description");
    leader.dispatcher
      .connect(
        { nodeId: id, address: "" },
        { send: (message) => got.push(message), close: () => {} },
      )
      .receive({
        type: "hello",
        protocol: PROTOCOL_VERSION,
        addr: "10.9.0.1",
        description,
        encryption,
      });
    await clock.settle();
    return got;
  };
  const [one, other] = [await connect("n1", able), await connect("n2", unable)];
  const told = (got: readonly DownMessage[]): readonly NetworkKeyNews["keys"][] =>
    got.flatMap((message) => (message.type === "network-keys" ? [message.keys] : []));
  expect([told(one), told(other)]).toEqual([[undefined], [undefined]]);
  const spec = aSpec({ replicas: 2, networks: ["back"] });
  await store.transact((tx) => createService(tx, { id: "web", spec }));
  await clock.settle();
  expect(told(one)).toEqual([undefined, ringOf(store)]);
  expect(one.slice(-3).map(({ type }) => type)).toEqual([
    "network-keys",
    "networks",
    "assignments",
  ]);
  await clock.advance(3000);
  expect(told(one).map((keys) => keys?.current.number)).toEqual([undefined, 2, 3]);
  expect(told(other)).toEqual([undefined]);
  const [cluster] = store.view.all("clusters").values();
  const shown = [
    cluster && toClusterInfo(cluster),
    ...[...store.view.all("nodes").values()].map((known) => toApiNode(known, "n1")),
  ];
  expect(JSON.stringify(shown)).not.toContain(ringOf(store)?.current.secret ?? "?");
  expect(JSON.stringify(shown)).not.toMatch(/encryption"|networkKeys/);
  await store.transact((tx) => tx.delete("services", "web"));
  await clock.settle();
  leader.stop();
});
