// Goal: a transaction is visible at once, durable before it is acknowledged, and gone when its batch fails.
// Method: a memory log whose commits the test releases, holds or refuses.
import type { Clock } from "@skein/base";
import type { Config } from "@skein/model";
import { expect, test } from "vitest";
import { newMemoryDisk, openMemoryLog } from "./memory-log.ts";
import type { Log, LogBatch } from "./ports.ts";
import type { CommittedBatch, Planner } from "./store.ts";
import { Store } from "./store.ts";
import type { Change } from "./tables.ts";
import type { Draft, Transaction } from "./transaction.ts";

const clock: Clock = { now: () => 1000, monotonic: () => 0, sleep: () => Promise.resolve() };
const config = (id: string, name = id): Draft<Config> => ({
  id,
  spec: { Name: name, Labels: {}, Data: "" },
});

interface Rig {
  readonly store: Store;
  readonly commits: LogBatch[];
  readonly planned: (readonly Change[])[];
  /** Lets the next held commit through, or fails it. */
  readonly release: (error?: Error) => void;
}

const rig = async (hold: boolean, edit: (tx: Transaction) => void = () => {}): Promise<Rig> => {
  const inner = openMemoryLog(newMemoryDisk());
  const commits: LogBatch[] = [];
  const held: ((error?: Error) => void)[] = [];
  const log: Log = {
    ...inner,
    commit: async (batch) => {
      commits.push(batch);
      if (hold)
        await new Promise<void>((resolve, reject) => {
          held.push((error) => (error ? reject(error) : resolve()));
        });
      await inner.commit(batch);
    },
  };
  const planned: (readonly Change[])[] = [];
  const planner: Planner = {
    plan: (tx, changes) => {
      planned.push(changes);
      edit(tx);
    },
    reset: () => {},
    failed: () => {},
  };
  const store = await Store.open(log, clock);
  store.lead(await log.campaign("a", new AbortController().signal), planner);
  return { store, commits, planned, release: (error) => held.shift()?.(error) };
};

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

test("transactions made while a batch is in flight share the next batch", async () => {
  const { store, commits, release } = await rig(true);
  const first = store.transact((tx) => tx.put("configs", config("a")).version);
  await turns();
  const second = store.transact((tx) => tx.put("configs", config("b")).version);
  const third = store.transact((tx) => tx.put("configs", config("c")).version);
  expect(store.view.all("configs").size).toBe(3);
  expect(store.durableIndex).toBe(0);
  release();
  expect(await first).toBe(1);
  await turns();
  release();
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  expect(commits.map(({ records }) => records.map(({ key }) => key))).toEqual([
    ["configs/a"],
    ["configs/b", "configs/c"],
  ]);
});

test("a batch counts as closed only when nothing can be added to it any more", async () => {
  const { store, release } = await rig(true);
  const first = store.transact((tx) => tx.put("configs", config("a")));
  expect(store.closedIndex).toBe(0); // visible, but the planner may still add to it
  await turns();
  expect(store.closedIndex).toBe(1);
  const second = store.transact((tx) => tx.put("configs", config("b")));
  expect(store.closedIndex).toBe(1);
  release();
  await first;
  await turns();
  expect(store.closedIndex).toBe(2);
  release();
  await second;
});

test("what the planner edits joins the batch that caused it", async () => {
  const { store, commits } = await rig(false, (tx) => {
    if (tx.get("configs", "a") && !tx.get("configs", "made")) tx.put("configs", config("made"));
  });
  await store.transact((tx) => tx.put("configs", config("a")));
  expect(commits.at(-1)?.records.map(({ key }) => key)).toEqual(["configs/a", "configs/made"]);
});

test("an exception takes back its own edits only", async () => {
  const { store } = await rig(false);
  const good = store.transact((tx) => tx.put("configs", config("good")));
  const bad = store.transact((tx) => {
    tx.put("configs", config("bad"));
    throw new Error("no");
  });
  await expect(bad).rejects.toThrow("no");
  await good;
  expect([...store.view.all("configs").keys()]).toEqual(["good"]);
});

test("a refusal waits until what it rests on is durable, and is not told when that is taken back", async () => {
  const { store, release } = await rig(true);
  const refuseTaken = (tx: Transaction): void => {
    if (tx.get("configs", "a")) throw new Error("taken");
  };
  const outcomes: string[] = [];
  const attempt = (name: string): void => {
    store
      .transact(refuseTaken)
      .catch((error: unknown) => outcomes.push(`${name}: ${String(error)}`));
  };
  const write = store.transact((tx) => tx.put("configs", config("a")));
  attempt("in the same batch");
  await turns();
  attempt("while it is in flight");
  await turns();
  expect(outcomes).toEqual([]);
  release(new Error("disk full"));
  await expect(write).rejects.toThrow("disk full");
  await turns();
  expect(outcomes).toEqual([
    "in the same batch: Error: disk full",
    "while it is in flight: Error: disk full",
  ]);
  const again = store.transact((tx) => tx.put("configs", config("a")));
  await turns();
  release();
  await again;
  attempt("when it is durable");
  await turns();
  expect(outcomes.at(-1)).toBe("when it is durable: Error: taken");
});

test("a refused batch takes back itself and everything built on it, and tells every waiter", async () => {
  const { store, release } = await rig(true);
  const first = store.transact((tx) => tx.put("configs", config("a", "old")));
  await turns();
  release();
  await first;
  const second = store.transact((tx) => tx.put("configs", config("a", "new")));
  await turns();
  const third = store.transact((tx) => tx.delete("configs", "a"));
  const seen = store.barrier();
  release(new Error("disk full"));
  for (const promise of [second, third, seen]) await expect(promise).rejects.toThrow("disk full");
  expect(store.view.get("configs", "a")?.spec.Name).toBe("old");
  expect(store.view.byName("configs", "OLD")).toHaveLength(1);
  const again = store.transact((tx) => tx.put("configs", config("b")).version);
  await turns();
  release();
  expect(await again).toBe(2);
});

test("watchers see durable batches in order, each object once", async () => {
  const { store } = await rig(false);
  const seen: CommittedBatch[] = [];
  store.watch((batch) => seen.push(batch));
  await store.transact((tx) => {
    tx.put("configs", config("a"));
    tx.put("configs", config("a", "second"));
    tx.put("configs", config("gone"));
    tx.delete("configs", "gone");
  });
  expect(seen.map(({ index }) => index)).toEqual([1]);
  expect(seen[0]?.changes.map(({ id, before }) => [id, before])).toEqual([["a", undefined]]);
});

test("a store that lost the leadership refuses, and a new leader loads what was acknowledged", async () => {
  const disk = newMemoryDisk();
  const log = openMemoryLog(disk);
  const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
  const old = await Store.open(log, clock);
  old.lead(await log.campaign("a", new AbortController().signal), planner);
  await old.transact((tx) => tx.put("configs", config("kept")));
  const next = await Store.open(openMemoryLog(disk), clock);
  next.lead(await log.campaign("b", new AbortController().signal), planner);
  await expect(old.transact((tx) => tx.put("configs", config("lost")))).rejects.toThrow("leader");
  expect([...next.view.all("configs").keys()]).toEqual(["kept"]);
});

test("a follower applies the leader's batches", async () => {
  const disk = newMemoryDisk();
  const leader = openMemoryLog(disk);
  const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
  const one = await Store.open(leader, clock);
  const two = await Store.open(openMemoryLog(disk), clock);
  two.follow(new AbortController().signal);
  one.lead(await leader.campaign("a", new AbortController().signal), planner);
  await one.transact((tx) => tx.put("configs", config("a", "Shown")));
  expect(two.view.byName("configs", "shown").map(({ id }) => id)).toEqual(["a"]);
  expect(two.durableIndex).toBe(one.durableIndex);
});

test("a follower that comes late gets all there is, and its watchers what is different", async () => {
  const disk = newMemoryDisk();
  const leader = openMemoryLog(disk);
  const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
  const one = await Store.open(leader, clock);
  one.lead(await leader.campaign("a", new AbortController().signal), planner);
  await one.transact((tx) => {
    for (const id of ["same", "changed", "gone"]) tx.put("configs", config(id));
  });
  const two = await Store.open(openMemoryLog(disk), clock);
  await one.transact((tx) => {
    tx.put("configs", config("changed", "New"));
    tx.put("configs", config("made"));
    tx.delete("configs", "gone");
  });
  const seen: CommittedBatch[] = [];
  two.watch((batch) => seen.push(batch));
  two.follow(new AbortController().signal);
  expect([...two.view.all("configs").keys()].toSorted()).toEqual(["changed", "made", "same"]);
  expect(seen).toHaveLength(1);
  expect(seen[0]?.changes.map(({ id }) => id).toSorted()).toEqual(["changed", "gone", "made"]);
});

test("a follower is fresh when it shows what was acknowledged before; a leader at once", async () => {
  const disk = newMemoryDisk();
  const leader = openMemoryLog(disk);
  const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
  const one = await Store.open(leader, clock);
  const two = await Store.open(openMemoryLog(disk), clock);
  one.lead(await leader.campaign("a", new AbortController().signal), planner);
  await one.transact((tx) => tx.put("configs", config("a")));
  await one.fresh(AbortSignal.abort());
  const impatient = new AbortController();
  const given = two.fresh(impatient.signal);
  const waiting = two.fresh(new AbortController().signal);
  await turns();
  impatient.abort(new Error("no patience"));
  await expect(given).rejects.toThrow("no patience");
  two.follow(new AbortController().signal);
  await waiting;
  expect(two.view.get("configs", "a")?.id).toBe("a");
});

test("what a newer version wrote is kept: tables and fields that are not known here", async () => {
  const log = openMemoryLog(newMemoryDisk());
  const never = new AbortController().signal;
  const first = await log.campaign("newer", never);
  const future = { ...config("c1"), version: 1, createdAt: 1, updatedAt: 1, future: { a: 1 } };
  await log.commit({
    index: 1,
    term: first.term,
    records: [
      { key: "futures/f1", value: { id: "f1" } },
      { key: "configs/c1", value: future },
    ],
  });
  const store = await Store.open(log, clock);
  const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
  store.lead(await log.campaign("older", never), planner);
  await store.transact((tx) => {
    const known = tx.get("configs", "c1");
    if (known) tx.put("configs", { ...known, spec: { ...known.spec, Name: "renamed" } });
  });
  const after = new Map((await log.load()).records.map(({ key, value }) => [key, value]));
  expect(after.get("futures/f1")).toEqual({ id: "f1" });
  expect(after.get("configs/c1")).toMatchObject({ future: { a: 1 }, spec: { Name: "renamed" } });
});

test("what an earlier build wrote is read in the present form, from the log and from others", async () => {
  const disk = newMemoryDisk();
  const log = openMemoryLog(disk);
  const never = new AbortController().signal;
  const other = await Store.open(log, clock);
  const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
  other.lead(await log.campaign("earlier", never), planner);
  await other.transact((tx) => tx.put("configs", config("c1")));
  const adapted = await Store.open(openMemoryLog(disk), clock, (table, value) =>
    table === "configs" ? { ...(value as Config), labelled: true } : value,
  );
  expect(adapted.view.get("configs", "c1")).toMatchObject({ labelled: true });
  adapted.follow(never);
  await other.transact((tx) => tx.put("configs", config("c2")));
  await adapted.reached(2, never);
  expect(adapted.view.get("configs", "c2")).toMatchObject({ labelled: true });
});

test("a leader that was deposed without knowing follows before it answers", async () => {
  const disk = newMemoryDisk();
  const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
  const [oldLog, newLog] = [openMemoryLog(disk), openMemoryLog(disk)];
  const old = await Store.open(oldLog, clock);
  const granted = await oldLog.campaign("a", new AbortController().signal);
  const lost = new AbortController();
  const confirm = (): Promise<void> => {
    lost.abort(new Error("another one leads"));
    return Promise.reject(new Error("another one leads"));
  };
  const unaware = { ...granted, lost: lost.signal, valid: () => !lost.signal.aborted, confirm };
  old.lead(unaware, planner);
  const next = await Store.open(newLog, clock);
  next.lead(await newLog.campaign("b", new AbortController().signal), planner);
  await next.transact((tx) => tx.put("configs", config("new")));
  expect(old.leading).toBe(true);
  const fresh = old.fresh(new AbortController().signal);
  await turns();
  old.follow(new AbortController().signal);
  await fresh;
  expect(old.view.get("configs", "new")?.id).toBe("new");
});
