// Goal: managers follow, lead and follow again, and nothing acknowledged is lost on the way.
// Method: three candidates on one memory log, where who campaigns last deposes the one before.
import { newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import type { Log, MemoryDisk } from "@skein/store";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import { STATE_FORMAT } from "@skein/model";
import { expect, test } from "vitest";
import { aCluster, anAllocator, aNode } from "../testing/builders.ts";
import { Candidate } from "./candidate.ts";

interface Manager {
  readonly store: Store;
  readonly candidate: Candidate;
  /** Lets it win the election. */
  readonly elect: () => void;
}

const manager = async (
  disk: MemoryDisk,
  id: string,
  clock: VirtualClock,
  other: Partial<Log> = {},
): Promise<Manager> => {
  const inner = { ...openMemoryLog(disk), ...other };
  const votes: (() => void)[] = [];
  const log: Log = {
    ...inner,
    campaign: (candidate, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
        votes.push(() => resolve(inner.campaign(candidate, signal)));
      }),
  };
  const store = await Store.open(log, clock);
  const random = seededRandom(1);
  const candidate = new Candidate({
    store,
    log,
    clock,
    random,
    logger: silentLogger,
    allocator: anAllocator(),
    candidate: id,
  });
  candidate.start();
  return { store, candidate, elect: () => votes.shift()?.() };
};

const rig = async (): Promise<{ readonly clock: VirtualClock; readonly managers: Manager[] }> => {
  const clock = newVirtualClock();
  const disk = newMemoryDisk();
  const managers: Manager[] = [];
  for (const id of ["m1", "m2", "m3"]) managers.push(await manager(disk, id, clock));
  return { clock, managers };
};

const leaderIds = (managers: readonly Manager[]): (string | undefined)[] =>
  managers.map(({ candidate }) => candidate.leaderId);

test("who is elected leads; the others follow, and know who it is", async () => {
  const { clock, managers } = await rig();
  const [one, two] = managers;
  one?.elect();
  await clock.settle();
  expect(leaderIds(managers)).toEqual(["m1", "m1", "m1"]);
  await one?.store.transact((tx) => tx.put("clusters", aCluster(5)));
  expect(two?.store.view.all("clusters").size).toBe(1);
  await expect(two?.store.transact(() => {})).rejects.toThrow("not the leader");
});

test("a deposed leader follows the next one, which has all that was acknowledged", async () => {
  const { clock, managers } = await rig();
  const [one, two] = managers;
  one?.elect();
  await clock.settle();
  await one?.store.transact((tx) => {
    tx.put("clusters", aCluster(5));
    tx.put("nodes", aNode("n1"));
  });
  two?.elect();
  await clock.settle();
  expect(leaderIds(managers)).toEqual(["m2", "m2", "m2"]);
  expect(one?.candidate.leader).toBeUndefined();
  expect(two?.store.view.get("nodes", "n1")?.id).toBe("n1");
  await two?.store.transact((tx) => tx.put("nodes", aNode("n2")));
  expect(one?.store.view.get("nodes", "n2")?.id).toBe("n2");
  one?.elect();
  await clock.settle();
  await one?.store.transact((tx) => tx.delete("nodes", "n1"));
  expect([...(two?.store.view.all("nodes").keys() ?? [])]).toEqual(["n2"]);
});

test("the former leader's node is missed sooner than others after an election", async () => {
  const { clock, managers } = await rig();
  const [one, two] = managers;
  one?.elect();
  await clock.settle();
  await one?.store.transact((tx) => {
    tx.put("clusters", aCluster(5));
    for (const id of ["m1", "n1"]) tx.put("nodes", aNode(id));
  });
  two?.elect();
  await clock.settle();
  const states = (): (string | undefined)[] =>
    ["m1", "n1"].map((id) => two?.store.view.get("nodes", id)?.status.state);
  await clock.advance(5000);
  expect(states()).toEqual(["down", "ready"]);
  await clock.advance(24_000);
  expect(states()).toEqual(["down", "ready"]);
  await clock.advance(5000);
  expect(states()).toEqual(["down", "down"]);
});

test("one that stops gives the lead up, and takes no part any more", async () => {
  const { clock, managers } = await rig();
  const [one, two] = managers;
  one?.elect();
  await clock.settle();
  await one?.candidate.stop();
  expect(leaderIds(managers)).toEqual([undefined, undefined, undefined]);
  two?.elect();
  await clock.settle();
  expect(two?.candidate.leader).toBeDefined();
  expect(one?.candidate.leader).toBeUndefined();
});

test("a manager that is being demoted does not campaign, until it is wanted again", async () => {
  const { clock, managers } = await rig();
  const [one, two] = managers;
  one?.elect();
  await clock.settle();
  const role = (Role: "manager" | "worker", by: Manager | undefined): Promise<void> | undefined =>
    by?.store.transact((tx) => {
      const node = aNode("m1");
      tx.put("nodes", { ...node, role: "manager", spec: { ...node.spec, Role } });
    });
  await role("worker", one);
  await one?.candidate.stepDown();
  one?.elect();
  await clock.settle();
  expect(leaderIds(managers)).toEqual([undefined, undefined, undefined]);
  two?.elect();
  await clock.settle();
  await role("manager", two);
  await clock.settle();
  one?.elect();
  await clock.settle();
  expect(leaderIds(managers)).toEqual(["m1", "m1", "m1"]);
});

test("a manager that does not lead never sends others to itself, whatever it last heard", async () => {
  const clock = newVirtualClock();
  const { candidate } = await manager(newMemoryDisk(), "m1", clock, {
    observeLeader: (listener) => listener("m1"),
  });
  await clock.settle();
  expect(candidate.leader).toBeUndefined();
  expect(candidate.leaderId).toBeUndefined();
});

test("a manager that is too old for the state does not lead it", async () => {
  const { clock, managers } = await rig();
  const [one, two] = managers;
  one?.elect();
  await clock.settle();
  await one?.store.transact((tx) => tx.put("clusters", { ...aCluster(5), format: STATE_FORMAT }));
  await one?.store.transact((tx) => {
    const [cluster] = tx.all("clusters").values();
    if (cluster) tx.put("clusters", { ...cluster, format: STATE_FORMAT + 1 });
  });
  await one?.candidate.stepDown();
  await clock.settle();
  two?.elect();
  await clock.settle();
  one?.elect();
  await clock.settle();
  expect(managers.filter(({ candidate }) => candidate.leader)).toEqual([]);
});
