// Goal: the key files follow the cluster object's unlock key, durable ones only, until they do.
// Method: the real store on a memory log with a virtual clock; what is sealed is recorded.
import { newVirtualClock, OperationError, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import type { Cluster } from "@skein/model";
import type { Draft, LogBatch } from "@skein/store";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import { expect, test } from "vitest";
import { startSealing } from "./sealing.ts";
import type { Sealing } from "./sealing.ts";

const cluster = (unlockKey: string): Draft<Cluster> => ({
  id: "c",
  spec: {
    Name: "default",
    Labels: {},
    Orchestration: {},
    Raft: { ElectionTick: 10, HeartbeatTick: 1 },
    Dispatcher: {},
    CAConfig: {},
    TaskDefaults: {},
    EncryptionConfig: { AutoLockManagers: unlockKey !== "" },
  },
  rootCa: { certificate: "", key: "", issuer: { subject: "", publicKey: "" } },
  joinTokens: { worker: "", manager: "" },
  unlockKey,
  revoked: {},
  defaultAddrPool: [],
  subnetSize: 24,
  dataPathPort: 4789,
});

const nothing = (): void => undefined;
const planner = { plan: nothing, reset: nothing, failed: nothing };

interface Rig {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly begin: () => Sealing;
  readonly change: (unlockKey: string) => Promise<void>;
  /** What the files were sealed with, in order. */
  readonly sealed: string[];
  /** How many of the next writes fail. */
  readonly refuse: { files: number; log: number };
}

const rig = async (): Promise<Rig> => {
  const clock = newVirtualClock();
  const refuse = { files: 0, log: 0 };
  const inner = openMemoryLog(newMemoryDisk());
  const full = (): Promise<never> =>
    Promise.reject(new OperationError("internal", "the disk is full"));
  const commit = (batch: LogBatch): Promise<void> => {
    if (refuse.log === 0) return inner.commit(batch);
    refuse.log -= 1;
    return full();
  };
  const store = await Store.open({ ...inner, commit }, clock);
  const leadership = await inner.campaign("m", new AbortController().signal);
  store.lead(leadership, planner);
  const sealed: string[] = [];
  const seal = (unlockKey: string): Promise<void> => {
    if (refuse.files > 0) {
      refuse.files -= 1;
      return full();
    }
    sealed.push(unlockKey);
    return Promise.resolve();
  };
  const change = (unlockKey: string): Promise<void> =>
    store.transact((tx) => {
      tx.put("clusters", cluster(unlockKey));
    });
  const begin = (): Sealing =>
    startSealing({ store, files: { seal }, clock, logger: silentLogger });
  return { clock, store, begin, change, sealed, refuse };
};

test("the files follow each change of the unlock key, and nothing else", async () => {
  const { begin, change, sealed } = await rig();
  await change("k1");
  const sealing = begin();
  await sealing.settled();
  for (const unlockKey of ["k1", "k2", "k2", ""]) {
    await change(unlockKey);
    await sealing.settled();
  }
  expect(sealed).toEqual(["k1", "k2", ""]);
  await sealing.stop();
  await change("k3");
  expect(sealed).toEqual(["k1", "k2", ""]);
});

test("a manager that does not know its cluster yet seals when it does", async () => {
  const { begin, change, sealed } = await rig();
  const sealing = begin();
  await sealing.settled();
  expect(sealed).toEqual([]);
  await change("k1");
  await sealing.stop();
  expect(sealed).toEqual(["k1"]);
});

test("a key that the log refuses seals nothing", async () => {
  const { begin, change, sealed, refuse } = await rig();
  await change("k1");
  refuse.log = 1;
  const refused = change("k2");
  const sealing = begin();
  await expect(refused).rejects.toThrow("the disk is full");
  await sealing.settled();
  expect(sealed).not.toContain("k2");
  await change("k3");
  await sealing.settled();
  expect(sealed.at(-1)).toBe("k3");
  await sealing.stop();
});

test("what the disk refused is tried again, and no longer once the membership ends", async () => {
  const { clock, begin, change, sealed, refuse } = await rig();
  await change("k1");
  refuse.files = 2;
  const sealing = begin();
  await sealing.settled();
  expect(sealed).toEqual([]);
  await clock.advance(5000);
  expect(sealed).toEqual([]);
  await clock.advance(5000);
  expect(sealed).toEqual(["k1"]);
  refuse.files = 1;
  await change("k2");
  await sealing.stop();
  await clock.advance(60_000);
  expect(sealed).toEqual(["k1"]);
});

test("a manager that follows another one seals its own files", async () => {
  const clock = newVirtualClock();
  const disk = newMemoryDisk();
  const ending = new AbortController();
  const log = openMemoryLog(disk);
  const leader = await Store.open(log, clock);
  leader.lead(await log.campaign("m", ending.signal), planner);
  const follower = await Store.open(openMemoryLog(disk), clock);
  follower.follow(ending.signal);
  const sealed: string[] = [];
  const seal = (unlockKey: string): Promise<void> => Promise.resolve(void sealed.push(unlockKey));
  const sealing = startSealing({ store: follower, files: { seal }, clock, logger: silentLogger });
  for (const unlockKey of ["k1", "k2", ""]) {
    await leader.transact((tx) => {
      tx.put("clusters", cluster(unlockKey));
    });
    await follower.reached(leader.durableIndex, ending.signal);
    await sealing.settled();
  }
  expect(sealed).toEqual(["k1", "k2", ""]);
  await sealing.stop();
  ending.abort();
});
