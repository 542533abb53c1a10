// Goal: what only the log in etcd promises. Method: a real member; a client in between loses
// answers, dies at a chosen call, or is cut off.
import { randomBytes, randomUUID } from "node:crypto";
import { seededRandom, silentLogger } from "@skein/base";
import type { LoadedState, LogBatch, LogRecord } from "@skein/store";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { EtcdClient } from "./client.ts";
import { EtcdError } from "./etcd-error.ts";
import { openEtcdLog } from "./etcd-log.ts";
import type { EtcdLog, EtcdLogOptions } from "./etcd-log.ts";
import { hasEtcd, startTestMember } from "./testing.ts";
import type { TestMember } from "./testing.ts";

const isEtcdThere = await hasEtcd();
const never = new AbortController().signal;
const UNAVAILABLE = 14;

/** What becomes of a transaction: carried out or not, answered or not. */
type Fate = "as it is" | "lost" | "unanswered" | "cut off";

/** A client whose transactions meet a fate each. */
const fated = (client: EtcdClient, fateOf: () => Fate): EtcdClient => ({
  ...client,
  txn: async (request, options) => {
    const fate = fateOf();
    const unavailable = new EtcdError(UNAVAILABLE, "no answer", "Txn");
    if (fate === "lost" || fate === "cut off") throw unavailable;
    const result = await client.txn(request, options);
    if (fate === "unanswered") throw unavailable;
    return result;
  },
});

const many = (count: number, text: string): LogRecord[] =>
  Array.from({ length: count }, (_, n) => ({ key: `tasks/${n}`, value: { n, text } }));

const byKey = ({ index, records }: LoadedState) => ({
  index,
  records: new Map(records.map(({ key, value }) => [key, value])),
});

describe.runIf(isEtcdThere)("the log in etcd", () => {
  let etcd: TestMember;
  beforeAll(async () => {
    etcd = await startTestMember();
  }, 60_000);
  afterAll(() => etcd.remove());

  const newCluster = (
    options: Pick<EtcdLogOptions, "leaseSeconds" | "limits" | "silenceMs"> = {},
  ) => {
    const identity = { clusterId: randomUUID(), key: randomBytes(32) };
    const shared = { ...identity, ...options, logger: silentLogger };
    return (client: EtcdClient = etcd.member.client): Promise<EtcdLog> =>
      openEtcdLog({ ...shared, client });
  };

  test("says so when it was sealed with another key", async () => {
    const clusterId = randomUUID();
    const { client } = etcd.member;
    const open = () =>
      openEtcdLog({ client, clusterId, key: randomBytes(32), logger: silentLogger });
    await open();
    await expect(open()).rejects.toMatchObject({
      kind: "internal",
      message: expect.stringContaining("another manager key"),
    });
  });

  test("holds no value in clear", async () => {
    const log = await newCluster()();
    const { term } = await log.campaign("m1", never);
    await log.commit({
      index: 1,
      term,
      records: [{ key: "secrets/s", value: "a secret in clear" }],
    });
    await log.commit({ index: 2, term, records: many(6_000, "a secret in parts") });
    const all = await etcd.member.client.range({
      key: Buffer.from("/"),
      rangeEnd: Buffer.from("0"),
    });
    expect(all.kvs.length).toBeGreaterThan(6_000);
    expect(all.kvs.filter(({ value }) => value.includes("a secret"))).toEqual([]);
    await log.close();
  });

  test("every batch that is acknowledged is in, once, whatever answers are lost", async () => {
    const random = seededRandom(7);
    const fates: readonly Fate[] = ["as it is", "lost", "unanswered"];
    const open = newCluster();
    const log = await open(fated(etcd.member.client, () => fates[random.integer(3)] ?? "lost"));
    const { term } = await log.campaign("m1", never);
    const told: (LogBatch | LoadedState)[] = [];
    const other = await open();
    await other.load();
    const listener = {
      batch: (batch: LogBatch) => told.push(batch),
      reset: (state: LoadedState) => told.push(state),
    };
    other.watch(0, listener, never);
    const batches: LogBatch[] = [];
    for (let index = 1; index <= 20; index += 1) {
      const batch = { index, term, records: [{ key: `tasks/${index % 7}`, value: { index } }] };
      batches.push(batch);
      await log.commit(batch);
    }
    await vi.waitFor(() => expect(told).toHaveLength(20));
    expect(told).toEqual(batches);
    for (const one of [log, other]) await one.close();
  }, 60_000);

  test("a large batch comes whole, to those who follow and to those who load", async () => {
    const open = newCluster();
    const log = await open();
    const { term } = await log.campaign("m1", never);
    await log.commit({ index: 1, term, records: many(3, "old") });
    const other = await open();
    await other.load();
    const told: (LogBatch | LoadedState)[] = [];
    const listener = {
      batch: (batch: LogBatch) => told.push(batch),
      reset: (state: LoadedState) => told.push(state),
    };
    other.watch(1, listener, never);
    const records = [...many(6_000, "new"), { key: "tasks/1", value: undefined }];
    await log.commit({ index: 2, term, records });
    await log.commit({ index: 3, term, records: [] });
    await vi.waitFor(() => expect(told.map(({ index }) => index)).toEqual([2, 3]));
    const wanted = new Map(records.map(({ key, value }) => [key, value]));
    const followed = new Map(told[0]?.records.map(({ key, value }) => [key, value]));
    expect(followed).toEqual(wanted);
    wanted.delete("tasks/1");
    expect(byKey(await other.load())).toEqual({ index: 3, records: wanted });
    for (const one of [log, other]) await one.close();
  }, 30_000);

  test("a leader may die at any moment of a large batch: it is in as a whole, or not at all", async () => {
    const batch = {
      index: 2,
      records: [...many(1_200, "new"), { key: "tasks/2", value: undefined }],
    };
    const before = byKey({ index: 1, records: many(5, "old") });
    const after = byKey({ index: 2, records: batch.records });
    after.records.delete("tasks/2");
    const seen = new Set<number>();
    // Three parts, the batch, looking for parts, carrying over three: the process dies at each call.
    for (let calls = 0; calls <= 8; calls += 1) {
      const open = newCluster({ limits: { operations: 500, bytes: 1_000_000 } });
      let left = Number.POSITIVE_INFINITY;
      const dying = fated(etcd.member.client, () => {
        left -= 1;
        return left < 0 ? "cut off" : "as it is";
      });
      const log = await open(dying);
      const leadership = await log.campaign("m1", never);
      await log.commit({ index: 1, term: leadership.term, records: many(5, "old") });
      left = calls;
      const dead = log.commit({ ...batch, term: leadership.term }).catch(() => {});
      await vi.waitFor(() => expect(left).toBeLessThanOrEqual(0));
      const next = await open();
      const following = await next.campaign("m1", never); // the same manager, restarted
      const state = byKey(await next.load());
      expect(state).toEqual(state.index === 1 ? before : after);
      seen.add(state.index);
      await next.commit({
        index: state.index + 1,
        term: following.term,
        records: [{ key: "tasks/3", value: "later" }],
      });
      state.records.set("tasks/3", "later");
      expect(byKey(await next.load())).toEqual({ index: state.index + 1, records: state.records });
      await leadership.resign();
      await dead;
      await next.close();
    }
    expect(seen).toEqual(new Set([1, 2]));
  }, 60_000);

  test("who was away while revisions were compacted gets the whole state", async () => {
    const open = newCluster();
    const log = await open();
    const { term } = await log.campaign("m1", never);
    const other = await open();
    await other.load();
    for (const index of [1, 2, 3])
      await log.commit({ index, term, records: [{ key: `tasks/${index}`, value: index }] });
    const { client } = etcd.member;
    const { revision } = await client.range({ key: Buffer.from("x") });
    await client.compact(revision);
    const told: (LogBatch | LoadedState)[] = [];
    const listener = {
      batch: (batch: LogBatch) => told.push(batch),
      reset: (state: LoadedState) => told.push(state),
    };
    other.watch(0, listener, never);
    await vi.waitFor(() => expect(told).toHaveLength(1));
    await log.commit({ index: 4, term, records: [] });
    await vi.waitFor(() => expect(told.map(({ index }) => index)).toEqual([3, 4]));
    expect(told[0]?.records).toHaveLength(3);
    for (const one of [log, other]) await one.close();
  });

  test("a process that stood still for longer than its lease knows it before anything else", async () => {
    const log = await newCluster({ leaseSeconds: 2 })();
    const leadership = await log.campaign("m1", never);
    expect(leadership.valid()).toBe(true);
    const still = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(still, 0, 0, 2_500); // no timer, no message: as if it was stopped
    expect(leadership.valid()).toBe(false);
    expect(leadership.lost.aborted).toBe(true);
    const { term } = leadership;
    await expect(log.commit({ index: 1, term, records: [] })).rejects.toMatchObject({
      kind: "unavailable",
    });
    await log.close();
  });

  test("a leader that is silent is deposed, long before its lease has run out", async () => {
    const open = newCluster({ leaseSeconds: 60 });
    let isCutOff = false;
    const log = await open(fated(etcd.member.client, () => (isCutOff ? "cut off" : "as it is")));
    const leadership = await log.campaign("m1", never);
    const other = await open();
    const elected = other.campaign("m2", never);
    await log.commit({ index: 1, term: leadership.term, records: [] });
    await leadership.confirm();
    isCutOff = true;
    const next = await elected;
    expect(next.term).toBeGreaterThan(leadership.term);
    await next.confirm();
    await vi.waitFor(() => expect(leadership.lost.aborted).toBe(true));
    await expect(leadership.confirm()).rejects.toMatchObject({ kind: "unavailable" });
    for (const one of [other, log]) await one.close();
  });

  test("a leader that shows itself stays, however long others wait", async () => {
    const open = newCluster({ silenceMs: 400 });
    const log = await open();
    const leadership = await log.campaign("m1", never);
    const other = await open();
    const impatient = AbortSignal.timeout(2_000);
    await expect(other.campaign("m2", impatient)).rejects.toThrow("timeout");
    expect(leadership.valid()).toBe(true);
    await leadership.confirm();
    for (const one of [other, log]) await one.close();
  });

  test("another candidate leads once the lease of one that is cut off has run out, not before", async () => {
    const open = newCluster();
    const log = await open();
    const leadership = await log.campaign("m1", never);
    const other = await open();
    const elected = other.campaign("m2", never);
    const early = await Promise.race([
      elected,
      log.commit({ index: 1, term: leadership.term, records: [] }),
    ]);
    expect(early).toBeUndefined(); // the commit was first: nobody else leads meanwhile
    await leadership.resign();
    const next = await elected;
    expect(next.term).toBeGreaterThan(leadership.term);
    await expect(
      log.commit({ index: 2, term: leadership.term, records: [] }),
    ).rejects.toMatchObject({ kind: "unavailable" });
    await other.commit({ index: 2, term: next.term, records: [] });
    for (const one of [log, other]) await one.close();
  });

  test("a state that is copied in is there whole, or the log says that it is not", async () => {
    const state = { index: 41, records: many(1_500, "copied") };
    for (let calls = 0; calls <= 15; calls += 1) {
      const open = newCluster();
      let left = Number.POSITIVE_INFINITY;
      const death = new AbortController();
      const dying = fated(etcd.member.client, () => {
        left -= 1;
        if (left < 0) death.abort(new Error("it died"));
        return left < 0 ? "cut off" : "as it is";
      });
      const log = await open(dying);
      left = calls;
      await log.restore(state, death.signal).catch(() => {});
      expect(death.signal.aborted).toBe(calls < 15);
      const next = await open();
      const found = await next.load().catch(() => undefined);
      const isThere = found !== undefined && found.index > 0;
      if (!isThere) await next.restore(state);
      expect(byKey(isThere ? found : await next.load())).toEqual(byKey(state));
      const { term } = await next.campaign("m1", never);
      await next.commit({ index: 42, term, records: [] });
      await expect(next.restore(state)).rejects.toMatchObject({ kind: "conflict" });
      await next.close();
    }
  }, 60_000);
});
