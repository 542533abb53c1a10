// Goal: a log moves under a leader that goes on, and what was acknowledged is there at any moment.
// Method: a store on a movable log in memory; the target is made to fail, or looked at, at each step.
import { OperationError } from "@skein/base";
import { expect, test } from "vitest";
import type { MemoryDisk } from "./memory-log.ts";
import { newMemoryDisk, openMemoryLog } from "./memory-log.ts";
import type { EmptyLog } from "./movable-log.ts";
import { MovableLog } from "./movable-log.ts";
import type { LoadedState, Log } from "./ports.ts";
import { Store } from "./store.ts";

const clock = { now: () => 1, monotonic: () => 1, sleep: (): Promise<void> => Promise.resolve() };
const planner = { plan: () => {}, reset: () => {}, failed: () => {} };
const config = (id: string) => ({ id, spec: { Name: id, Labels: {}, Data: "" } });
const never = new AbortController().signal;

const emptyLog = (disk: MemoryDisk): EmptyLog => ({
  ...openMemoryLog(disk),
  restore: (state: LoadedState) => {
    for (const { key, value } of state.records) disk.records.set(key, value);
    disk.index = state.index;
    return Promise.resolve();
  },
});

interface Rig {
  readonly store: Store;
  readonly log: MovableLog;
  readonly former: MemoryDisk;
  readonly target: MemoryDisk;
  readonly create: (id: string) => Promise<unknown>;
}

const rig = async (): Promise<Rig> => {
  const former = newMemoryDisk();
  const log = new MovableLog(openMemoryLog(former));
  const store = await Store.open(log, clock);
  store.lead(await log.campaign("m1", never), planner);
  const create = (id: string): Promise<unknown> =>
    store.transact((tx) => tx.put("configs", config(id)));
  await create("before");
  return { store, log, former, target: newMemoryDisk(), create };
};

const keys = ({ records }: MemoryDisk): readonly string[] => [...records.keys()].toSorted();

test("the leader goes on in the new log, with all that was there", async () => {
  const { store, log, former, target, create } = await rig();
  const leaders: (string | undefined)[] = [];
  log.observeLeader((id) => leaders.push(id), never);
  await log.moveTo(emptyLog(target), () => Promise.resolve());
  await create("after");
  expect(store.leading).toBe(true);
  expect(keys(target)).toEqual(["configs/after", "configs/before"]);
  expect(keys(former)).toEqual(["configs/before"]);
  expect([former.index, target.index]).toEqual([1, 2]);
  expect(leaders.at(-1)).toBe("m1");
});

test("what is committed while the state is copied comes along, and waits for the rest", async () => {
  const { log, target, create } = await rig();
  const slow = emptyLog(target);
  let meanwhile: Promise<unknown> | undefined;
  let settled = false;
  const restore = async (state: LoadedState): Promise<void> => {
    await create("during the copy");
    await slow.restore(state);
    meanwhile = create("at the end of it");
  };
  await log.moveTo({ ...slow, restore }, async () => {
    const held = create("held back").then(() => settled);
    await Promise.resolve();
    expect(keys(target)).toContain("configs/during the copy");
    settled = true;
    void held.then((wasSettled) => expect(wasSettled).toBe(true));
  });
  await meanwhile;
  await create("last");
  expect(keys(target)).toEqual([
    "configs/at the end of it",
    "configs/before",
    "configs/during the copy",
    "configs/held back",
    "configs/last",
  ]);
});

test("somebody who writes without a pause is slowed down until the new log has caught up", async () => {
  const { log, target, create } = await rig();
  const inner = emptyLog(target);
  const over = new AbortController();
  const written: string[] = [];
  const write = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await create(`w${written.length}`);
      written.push(`configs/w${written.length}`);
    }
  };
  const slowCommit: Log["commit"] = async (batch) => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    await inner.commit(batch);
  };
  const restore = async (state: LoadedState): Promise<void> => {
    await inner.restore(state);
    while (written.length < 200) await Promise.resolve();
  };
  const writing = write();
  await log.moveTo({ ...inner, restore, commit: slowCommit }, () => Promise.resolve());
  over.abort();
  await writing;
  expect(keys(target)).toEqual(["configs/before", ...written].toSorted());
});

const refuse = (): Promise<never> => Promise.reject(new OperationError("unavailable", "no etcd"));

test.each<readonly [string, Partial<EmptyLog>, () => Promise<void>]>([
  ["the copy", { restore: refuse }, () => Promise.resolve()],
  ["the election", { campaign: refuse }, () => Promise.resolve()],
  ["settling", {}, refuse],
])("when %s fails, all stays as it was", async (_step, broken, settle) => {
  const { store, log, former, target, create } = await rig();
  await expect(log.moveTo({ ...emptyLog(target), ...broken }, settle)).rejects.toThrow("no etcd");
  await create("after");
  expect(store.leading).toBe(true);
  expect(keys(former)).toEqual(["configs/after", "configs/before"]);
});

test("the leadership is lost with the one in the new log, and not with the former one's", async () => {
  const { store, log, former, target } = await rig();
  await log.moveTo(emptyLog(target), () => Promise.resolve());
  await openMemoryLog(former).campaign("m2", never);
  expect(store.leading).toBe(true);
  const other: Log = openMemoryLog(target);
  await other.campaign("m3", never);
  expect(store.leading).toBe(false);
  store.follow(never);
  expect([...store.view.all("configs").keys()]).toEqual(["before"]);
});
