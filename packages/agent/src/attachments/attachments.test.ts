// Goal: the managers always hear what the engine's containers need, whatever crashed; nothing that was
// held is lost between being asked for and being the engine's.
// Method: the real Attachments over an engine and a manager of a few lines, on a virtual clock.
import { newVirtualClock, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import type { UpMessage, WantedAttachment, WantedPlace } from "@skein/model";
import { expect, test } from "vitest";
import { Attachments } from "./attachments.ts";
import type { ContainerPlace, PlainContainer } from "./ports.ts";

const { signal } = new AbortController();

const place = (...addresses: string[]): WantedPlace => ({
  networkId: "back",
  addresses,
  aliases: [],
  fixed: false,
});

const container = (id: string, address: string, mayRun = true): PlainContainer => ({
  id,
  name: id,
  mayRun,
  pid: mayRun ? 7 : 0,
  nameServers: [],
  places: [place(address)],
});

interface Rig {
  readonly attachments: Attachments;
  readonly clock: VirtualClock;
  readonly containers: Map<string, PlainContainer>;
  readonly told: (readonly WantedAttachment[])[];
  /** What the manager gave, by container. */
  readonly given: Map<string, string>;
  readonly moved: string[];
  readonly freed: string[];
  /** Whose names are answered by which gateway. */
  readonly redirected: string[];
  /** Containers that the manager refuses. */
  readonly refused: Set<string>;
  readonly connect: () => void;
}

const rig = (): Rig => {
  const clock = newVirtualClock();
  const containers = new Map<string, PlainContainer>();
  const told: (readonly WantedAttachment[])[] = [];
  const given = new Map<string, string>();
  const [moved, freed, refused]: [string[], string[], Set<string>] = [[], [], new Set()];
  const redirected: string[] = [];
  const placeFor = (id: string): ContainerPlace => ({
    networkId: "back",
    network: "skein-1-back",
    endpoint: { ipv4: given.get(id) ?? "", mac: "02:42:00:00:00:00" },
    gateways: ["10.0.5.2"],
  });
  const attachments = new Attachments({
    engine: {
      listPlain: () => Promise.resolve([...containers.values()]),
      placeContainer: (id, { endpoint }) => {
        moved.push(`${id} ${endpoint.ipv4}`);
        containers.set(id, container(id, endpoint.ipv4 ?? ""));
        return Promise.resolve();
      },
      freeContainer: (id) => {
        freed.push(id);
        containers.delete(id);
        return Promise.resolve();
      },
    },
    networks: {
      placesOf: (id) => {
        const address = given.get(id);
        return address === undefined ? [] : [{ networkId: "back", addresses: [address] }];
      },
      containerPlaces: (id) => Promise.resolve([placeFor(id)]),
    },
    redirection: {
      redirect: (pid, _servers, gateway) => {
        redirected.push(`${pid} ${gateway}`);
        return Promise.resolve();
      },
      clear: (pid) => {
        redirected.push(`${pid} cleared`);
        return Promise.resolve();
      },
    },
    clock,
    logger: silentLogger,
  });
  let next = 10;
  const manager = (message: UpMessage): void => {
    if (message.type !== "attachments") return;
    told.push(message.containers);
    for (const id of given.keys())
      if (!message.containers.some((one) => one.id === id)) given.delete(id);
    for (const { id, networks } of message.containers) {
      if (refused.has(id)) continue;
      const wish = networks[0]?.addresses[0] ?? given.get(id);
      const taken = [...given].some(([other, address]) => other !== id && address === wish);
      next += 1;
      given.set(id, wish === undefined || taken ? `10.0.5.${next}` : wish);
    }
    const answers = message.containers.filter(({ id }) => refused.has(id));
    attachments.receive({
      type: "attachments-applied",
      revision: message.revision,
      refused: answers.map(({ id }) => ({
        id,
        networkId: "back",
        kind: "forbidden",
        message: "network back not manually attachable",
      })),
    });
  };
  const connect = (): void => attachments.opened(manager);
  return {
    attachments,
    clock,
    containers,
    told,
    given,
    moved,
    freed,
    refused,
    redirected,
    connect,
  };
};

const idsTold = ({ told }: Rig): readonly string[] => (told.at(-1) ?? []).map(({ id }) => id);

test("nothing is said before the engine was seen: addresses of containers that live are not freed", async () => {
  const all = rig();
  all.connect();
  expect(all.told).toEqual([]);
  all.containers.set("c1", container("c1", "10.0.5.7"));
  all.containers.set("ended", container("ended", "10.0.5.8", false));
  void all.attachments.run(signal);
  await all.clock.settle();
  expect(idsTold(all)).toEqual(["c1"]);
  expect(all.given.get("c1")).toBe("10.0.5.7");
});

test("each session hears everything anew, and an event makes what differs known", async () => {
  const all = rig();
  all.containers.set("c1", container("c1", "10.0.5.7"));
  void all.attachments.run(signal);
  all.connect();
  await all.clock.settle();
  all.attachments.closed();
  all.connect();
  expect(all.told.map((list) => list.map(({ id }) => id))).toEqual([["c1"], ["c1"]]);
  all.containers.delete("c1");
  all.attachments.lookSoon();
  await all.clock.settle();
  expect(idsTold(all)).toEqual([]);
});

test("what is held for a container goes over to it, even when the engine's event comes first", async () => {
  const all = rig();
  void all.attachments.run(signal);
  all.connect();
  await all.clock.settle();
  const wanted = { id: "hold", name: "new", networks: [place()] };
  const held = await all.attachments.hold(wanted, signal);
  expect(held).toMatchObject({ places: [{ endpoint: { ipv4: "10.0.5.11" } }] });
  all.containers.set("c1", container("c1", "10.0.5.11"));
  all.attachments.lookSoon();
  await all.clock.settle();
  await all.attachments.settle("hold", signal);
  expect(idsTold(all)).toEqual(["c1"]);
  expect(all.given).toEqual(new Map([["c1", "10.0.5.11"]]));
  expect(all.moved).toEqual([]);
});

test("a hold that came to nothing is given back; one that is refused says why", async () => {
  const all = rig();
  void all.attachments.run(signal);
  all.connect();
  await all.clock.settle();
  await all.attachments.hold({ id: "hold", name: "", networks: [place()] }, signal);
  await all.attachments.settle("hold", signal);
  expect(all.given.size).toBe(0);
  all.refused.add("no");
  const refusal = await all.attachments.hold({ id: "no", name: "", networks: [place()] }, signal);
  expect(refusal).toMatchObject({ refused: { kind: "forbidden" } });
  expect(idsTold(all)).toEqual([]);
});

test("a container that is started again gets its address, or another one if it is taken", async () => {
  const all = rig();
  all.containers.set("c1", container("c1", "10.0.5.7", false));
  void all.attachments.run(signal);
  all.connect();
  await all.clock.settle();
  await all.attachments.restore("c1", signal);
  expect(all.moved).toEqual(["c1 10.0.5.7"]);
  await all.attachments.settle("c1", signal);
  all.containers.set("c1", container("c1", "10.0.5.7", false));
  await all.attachments.settle(undefined, signal);
  all.containers.set("other", container("other", "10.0.5.7"));
  await all.attachments.settle(undefined, signal);
  await all.attachments.restore("c1", signal);
  expect(all.moved.at(-1)).toMatch(/^c1 10\.0\.5\.1\d$/);
});

test("a container that the engine started with an address of another's is moved; one that may not be there is freed", async () => {
  const all = rig();
  all.containers.set("c1", container("c1", "10.0.5.7"));
  all.containers.set("c2", container("c2", "10.0.5.7"));
  all.containers.set("c3", container("c3", "10.0.5.9"));
  all.refused.add("c3");
  void all.attachments.run(signal);
  all.connect();
  await all.clock.settle();
  await all.clock.advance(10_000);
  await all.clock.settle();
  expect(all.moved).toHaveLength(1);
  expect(all.moved[0]).toMatch(/^c2 /);
  expect(all.freed).toEqual(["c3"]);
});

test("without a manager nothing is promised", async () => {
  const all = rig();
  void all.attachments.run(signal);
  await all.clock.settle();
  const wanted = { id: "hold", name: "", networks: [place()] };
  await expect(all.attachments.hold(wanted, signal)).rejects.toThrow("no manager answers");
  await expect(all.attachments.find("back", signal)).rejects.toThrow("no manager answers");
});

test("a running container that asks other name servers is sent to its network's, until it leaves", async () => {
  const all = rig();
  const asks = (...nameServers: string[]): PlainContainer => ({
    ...container("c2", "10.0.5.8"),
    nameServers,
  });
  all.containers.set("c1", container("c1", "10.0.5.7"));
  all.containers.set("c2", asks("10.0.5.2", "192.0.2.1"));
  void all.attachments.run(signal);
  all.connect();
  await all.clock.settle();
  await all.attachments.settle(undefined, signal);
  await all.attachments.settle(undefined, signal);
  expect(all.redirected).toEqual(["7 10.0.5.2"]);
  all.containers.delete("c1");
  await all.attachments.settle(undefined, signal);
  expect(all.redirected).toEqual(["7 10.0.5.2", "7 cleared"]);
});
