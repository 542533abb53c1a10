// Goal: the kernel, the engine and the names follow the newest tables, whatever fails in between.
// Method: the real Networking over parts in memory, on a virtual clock.
import { newVirtualClock, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import type {
  EncryptionSupport,
  NetworkEndpoint,
  NetworkKeyNews,
  NetworkNews,
  NetworkSnapshot,
  NetworkTable,
} from "@skein/model";
import { expect, test } from "vitest";
import { copyState } from "../network/apply-changes.ts";
import type { KernelState } from "../network/kernel-state.ts";
import type { Dataplane } from "../network/ports.ts";
import type { Touched } from "../network/touched.ts";
import { aRing } from "../network/testing/tables.ts";
import { Networking } from "./networking.ts";

const endpoint = (id: string, address: string): NetworkEndpoint => ({
  id,
  name: `web.1.${id}`,
  nodeId: "n2",
  addresses: [address],
  serviceId: "web",
  slot: 1,
  aliases: [],
  active: true,
});

const table = (id: string, more: Partial<NetworkTable> = {}): NetworkTable => ({
  id,
  name: id,
  vni: 4097,
  subnets: [{ subnet: "10.0.5.0/24", gateway: "10.0.5.2" }],
  internal: false,
  ingress: false,
  encrypted: false,
  peers: [],
  endpoints: [endpoint("t1", "10.0.5.7")],
  services: [{ id: "web", name: "web", aliases: [], vips: ["10.0.5.4"] }],
  ...more,
});

/** The table as managers tell it to all nodes; this one is n1. */
const snapshot = (version: number, { subnets, peers, ...rest }: NetworkTable): NetworkSnapshot => ({
  ...rest,
  version,
  subnets: subnets.map(({ subnet }) => subnet),
  peers: [
    ...peers,
    { nodeId: "n1", underlay: "10.9.0.1", gateways: subnets.map(({ gateway }) => gateway) },
  ],
});

const news = (version: number, networks: readonly NetworkTable[], more = {}): NetworkNews => ({
  type: "networks",
  kind: "full",
  version,
  dataPath: { underlay: "10.9.0.1", port: 4789 },
  networks: networks.map((one) => snapshot(version, one)),
  changes: [],
  removed: [],
  ports: [],
  ...more,
});

interface Rig {
  readonly networking: Networking;
  readonly clock: VirtualClock;
  readonly applied: KernelState[];
  /** What was to be compared each time. */
  readonly touched: (Touched | undefined)[];
  readonly engine: Set<string>;
  readonly listening: (readonly string[])[];
  readonly kept: Map<string, unknown>;
  readonly acknowledged: number[];
  /** Networks that the engine refuses. */
  readonly refused: Set<string>;
  /** Networks that running containers are on. */
  readonly inUse: Set<string>;
  /** Makes the next calls of the kernel fail. */
  failing: boolean;
  readonly tell: (message: NetworkNews | NetworkKeyNews) => Promise<void>;
}

const rig = (
  kept: Rig["kept"] = new Map(),
  support: EncryptionSupport = { supported: true },
): Rig => {
  const clock = newVirtualClock();
  const state = { failing: false };
  const [applied, listening, acknowledged]: [KernelState[], (readonly string[])[], number[]] = [
    [],
    [],
    [],
  ];
  const touched: Rig["touched"] = [];
  const engine = new Set<string>();
  const refused = new Set<string>();
  const inUse = new Set<string>();
  const none = { changes: {} };
  const dataplane: Dataplane = {
    host: () => Promise.resolve({ underlayMtu: 1500 }),
    apply: (wanted, part) => {
      touched.push(part);
      if (state.failing) return Promise.reject(new Error("the kernel refuses"));
      applied.push(copyState(wanted));
      return Promise.resolve(none);
    },
    audit: () => Promise.resolve({ ...none, differences: [] }),
    compare: () => Promise.resolve([]),
    remove: () => Promise.resolve(none),
    attach: () => Promise.resolve([]),
    encryption: () => Promise.resolve(support),
    requirements: () => Promise.resolve([]),
    warnings: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  const networking = new Networking({
    nodeId: "n1",
    dataplane,
    deriveKey: (secret, purpose) => `${secret} ${purpose}`,
    engine: {
      ensureNetwork: ({ name }) =>
        refused.has(name)
          ? Promise.reject(new Error("its addresses are in use"))
          : Promise.resolve(void engine.add(name)),
      listNetworks: () => Promise.resolve([...engine]),
      removeNetwork: (name) => Promise.resolve(void (inUse.has(name) || engine.delete(name))),
    },
    names: { listen: (addresses) => Promise.resolve(void listening.push(addresses)) },
    tables: {
      load: () => Promise.resolve([...kept].map(([key, value]) => ({ key, value }))),
      save: (records) => {
        for (const { key, value } of records)
          if (value === undefined) kept.delete(key);
          else kept.set(key, value);
        return Promise.resolve();
      },
      clear: () => Promise.resolve(kept.clear()),
    },
    clock,
    logger: silentLogger,
  });
  void networking.run(new AbortController().signal);
  const tell = async (message: NetworkNews | NetworkKeyNews): Promise<void> => {
    networking.receive(message, (version) => acknowledged.push(version));
    await clock.settle();
  };
  const result = {
    networking,
    clock,
    applied,
    touched,
    engine,
    listening,
    kept,
    acknowledged,
    tell,
    refused,
    inUse,
  };
  return Object.defineProperty(result as Rig, "failing", {
    set: (value: boolean) => {
      state.failing = value;
    },
  });
};

test("news reach engine, kernel and names, are kept, and acknowledged", async () => {
  const { clock, tell, applied, engine, listening, kept, acknowledged } = rig();
  await clock.settle();
  await tell(news(7, [table("back")]));
  expect([...engine]).toEqual(["skein-1-back"]);
  expect(applied.at(-1)?.bridges.size).toBe(1);
  expect(listening.at(-1)).toEqual(["10.0.5.2"]);
  expect([...kept.keys()]).toContain("network/back/endpoint/t1");
  expect(acknowledged).toEqual([7]);
  await tell(news(8, [], { kind: "delta", removed: ["back"] }));
  expect([...engine]).toEqual([]);
  expect(listening.at(-1)).toEqual([]);
  expect(acknowledged).toEqual([7, 8]);
  expect([...kept.keys()]).toEqual(["data-path"]);
});

test("what the kernel refuses is tried again, and only then acknowledged", async () => {
  const all = rig();
  await all.clock.settle();
  all.failing = true;
  await all.tell(news(1, [table("back")]));
  expect(all.acknowledged).toEqual([]);
  await all.tell(news(2, [table("back"), table("front", { vni: 4098 })]));
  all.failing = false;
  await all.clock.advance(5_000);
  expect(all.acknowledged).toEqual([1, 2]);
  expect(all.applied.at(-1)?.bridges.size).toBe(2);
});

test("a network that the engine refuses does not stand in the way of others, and is tried again", async () => {
  const { clock, tell, applied, acknowledged, refused, listening } = rig();
  await clock.settle();
  refused.add("skein-1-bad");
  await tell(news(1, [table("bad"), table("good", { vni: 4098 })]));
  expect(applied.at(-1)?.bridges.size).toBe(1);
  expect(acknowledged).toEqual([1]);
  expect(listening.at(-1)).toEqual(["10.0.5.2"]);
  refused.clear();
  await clock.advance(1_100);
  expect(applied.at(-1)?.bridges.size).toBe(2);
  refused.add("skein-1-good");
  await tell(news(2, [table("bad"), table("good", { vni: 4098 })]));
  expect(applied.at(-1)?.bridges.size).toBe(2);
});

test("a task waits for its networks, and gets its place on them", async () => {
  const { networking, clock, tell } = rig();
  await clock.settle();
  const places = [{ networkId: "back", addresses: ["10.0.5.7"], aliases: [] }];
  let overlays: unknown;
  const waiting = networking.overlaysOf(places, new AbortController().signal).then((found) => {
    overlays = found;
    return undefined;
  });
  await clock.settle();
  expect(overlays).toBeUndefined();
  await tell(news(1, [table("back")]));
  await waiting;
  expect(overlays).toMatchObject([
    { network: "skein-1-back", endpoint: { ipv4: "10.0.5.7" }, gateways: ["10.0.5.2"] },
  ]);
});

test("names are those of the client's networks, found by its address; tables outlive a restart", async () => {
  const before = rig();
  await before.clock.settle();
  await before.tell(news(1, [table("back"), table("other", { endpoints: [] })]));
  const { networking, clock, applied } = rig(before.kept);
  await clock.advance(2_000);
  expect(applied.at(-1)).toEqual(before.applied.at(-1));
  const ask = (client: string): unknown => networking.resolve(client, { name: "web", type: "A" });
  expect(ask("10.0.5.7")).toEqual({ kind: "addresses", addresses: ["10.0.5.4"] });
  expect(ask("10.0.5.99")).toEqual({ kind: "unknown" });
});

test("a stopping task goes on when everybody took it out, or after two seconds", async () => {
  const { networking, clock } = rig();
  const signal = new AbortController().signal;
  const done: string[] = [];
  for (const id of ["t1", "t2"])
    void networking.untilWithdrawn(id, signal).then(() => done.push(id));
  networking.receive({ type: "withdrawn", taskIds: ["t1"] }, () => {});
  await clock.settle();
  expect(done).toEqual(["t1"]);
  await clock.advance(2_100);
  expect(done).toEqual(["t1", "t2"]);
});

test("a change is planned and compared alone; one that was missed ends the session", async () => {
  const all = rig();
  await all.clock.settle();
  await all.tell(news(3, [table("back")]));
  const active = [{ ...endpoint("t1", "10.0.5.7"), active: false }];
  const delta = (base: number, version: number): NetworkNews =>
    news(version, [], {
      kind: "delta",
      changes: [{ id: "back", base, version, endpoints: { changed: active, removed: [] } }],
    });
  await all.tell(delta(2, 5));
  expect(all.applied.at(-1)?.tables.get("ip")?.sets.get("backends")?.elements.size).toBe(0);
  const { sections, tables } = all.touched.at(-1) ?? {};
  expect(new Set(Object.values(sections ?? {}).map(({ size }) => size))).toEqual(new Set([0]));
  expect([...(tables?.get("ip")?.elements.keys() ?? [])].toSorted()).toEqual(["backends", "vips"]);
  expect(all.acknowledged).toEqual([3, 5]);
  expect(() => all.networking.receive(delta(6, 7), () => {})).toThrow("out of sequence");
  expect(() => all.networking.receive(delta(2, 5), () => {})).toThrow("out of sequence");
});

const keyNews: NetworkKeyNews = { type: "network-keys", keys: aRing(2) };

test("an encrypted network waits for keys, which stay over its other news and go when it goes", async () => {
  const { clock, tell, applied, engine, kept } = rig();
  await clock.settle();
  await tell(news(1, [table("back", { encrypted: true }), table("other", { vni: 4098 })]));
  expect([...engine]).toEqual(["skein-1-other"]);
  await tell(keyNews);
  expect(applied.at(-1)?.bridges.size).toBe(2);
  expect(applied.at(-1)?.policies.size).toBe(2);
  await tell(news(2, [table("back", { encrypted: true, vni: 4099 })], { kind: "delta" }));
  expect(applied.at(-1)?.bridges.size).toBe(2);
  expect(kept.get("network-keys")).toEqual(keyNews.keys);
  await tell({ type: "network-keys" });
  expect(applied.at(-1)?.policies.size).toBe(0);
  expect([...engine]).toEqual(["skein-1-other"]);
  expect(kept.has("network-keys")).toBe(false);
});

test("after a restart an encrypted network is there before a manager answers", async () => {
  const first = rig();
  await first.clock.settle();
  await first.tell(keyNews);
  await first.tell(news(1, [table("back", { encrypted: true })]));
  const second = rig(first.kept);
  await second.clock.advance(2_000);
  expect(second.applied.at(-1)?.policies.size).toBe(2);
  expect(second.applied.at(-1)?.vxlans.size).toBe(1);
});

test("a task on an encrypted network is refused where the kernel can't, and others go on", async () => {
  const reason = "this node's kernel lacks IPsec ESP";
  const { networking, clock, tell, applied } = rig(undefined, { supported: false, reason });
  await clock.settle();
  const places = [{ networkId: "back", addresses: ["10.0.5.7"], aliases: [] }];
  let failure: unknown;
  networking.overlaysOf(places, new AbortController().signal).catch((error: unknown) => {
    failure = error;
  });
  await tell(keyNews);
  await tell(news(1, [table("back", { encrypted: true }), table("other", { vni: 4098 })]));
  expect(failure).toMatchObject({
    kind: "failed-precondition",
    message: `network "back" is encrypted: ${reason}`,
  });
  expect(applied.at(-1)?.bridges.size).toBe(1);
  expect(applied.at(-1)?.policies.size).toBe(0);
});

test("a network stays while a container that is being stopped runs on it", async () => {
  const { networking, clock, tell, applied, engine, inUse, acknowledged } = rig();
  await clock.settle();
  await tell(news(1, [table("back")]));
  inUse.add("skein-1-back");
  await tell(news(2, [], { kind: "delta", removed: ["back"] }));
  expect(applied.at(-1)?.bridges.size).toBe(1);
  expect(acknowledged).toEqual([1, 2]);
  const question = { name: "web", type: "A" } as const;
  expect(networking.resolve("10.0.5.7", question)).toMatchObject({ kind: "addresses" });
  await clock.advance(5_000);
  expect([...engine]).toEqual(["skein-1-back"]);
  inUse.clear();
  await clock.advance(1_100);
  expect([...engine]).toEqual([]);
  expect(applied.at(-1)?.bridges.size).toBe(0);
});

test("names are answered at once after a restart, while the engine is slow", async () => {
  const before = rig();
  await before.clock.settle();
  await before.tell(news(1, [table("back")]));
  const { clock, listening, applied } = rig(before.kept);
  await clock.settle();
  expect(applied).toEqual([]);
  expect(listening).toEqual([["10.0.5.2"]]);
});
