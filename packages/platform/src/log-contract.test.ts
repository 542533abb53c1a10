// Goal: every Log keeps the same promises. Method: one suite, run against each implementation.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import type { Leadership, LoadedState, Log, LogBatch, LogRecord } from "@skein/store";
import { newMemoryDisk, openMemoryLog } from "@skein/store";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openEtcdLog } from "./etcd/etcd-log.ts";
import { hasEtcd, startTestMember } from "./etcd/testing.ts";
import type { TestMember } from "./etcd/testing.ts";
import { openLmdbLog } from "./log/lmdb-log.ts";

/** Opens a log on one and the same disk each time it is called. */
type Opener = () => Promise<Log>;

interface Implementation {
  readonly name: string;
  readonly disk: () => Opener;
  /** Several logs may be open on one disk at the same time. */
  readonly isShared: boolean;
}

let etcd: TestMember | undefined;
const isEtcdThere = await hasEtcd();
beforeAll(async () => {
  if (isEtcdThere) etcd = await startTestMember();
}, 60_000);
afterAll(() => etcd?.remove());

const etcdDisk = (): Opener => {
  const clusterId = randomUUID();
  const key = randomBytes(32);
  return () => {
    if (etcd === undefined) throw new Error("etcd does not run");
    return openEtcdLog({ client: etcd.member.client, clusterId, key, logger: silentLogger });
  };
};

const implementations: readonly Implementation[] = [
  {
    name: "memory",
    disk: () => {
      const disk = newMemoryDisk();
      return () => Promise.resolve(openMemoryLog(disk));
    },
    isShared: true,
  },
  {
    name: "lmdb",
    disk: () => {
      const directory = mkdtempSync(join(tmpdir(), "skein-log-"));
      directories.push(directory);
      const key = randomBytes(32);
      return () => openLmdbLog({ directory: join(directory, "state"), key });
    },
    isShared: false,
  },
  ...(isEtcdThere ? [{ name: "etcd", disk: etcdDisk, isShared: true }] : []),
];

const directories: string[] = [];
const never = new AbortController().signal;

const sorted = (records: readonly LogRecord[]): LogRecord[] =>
  records.toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** What a follower was told, as one list. */
const newFollower = () => {
  const told: (LogBatch | LoadedState)[] = [];
  return {
    told,
    batch: (batch: LogBatch) => told.push(batch),
    reset: (state: LoadedState) => told.push(state),
  };
};

describe.each(implementations)("the $name log", ({ disk, isShared }) => {
  let reopen: Opener;
  let log: Log;
  beforeEach(async () => {
    reopen = disk();
    log = await reopen();
  });
  afterEach(async () => {
    await log.close();
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
  });

  const restart = async (): Promise<void> => {
    await log.close();
    log = await reopen();
  };
  const lead = (): Promise<Leadership> => log.campaign("m1", never);

  test("is empty at first", async () => {
    expect(await log.load()).toEqual({ index: 0, records: [] });
  });

  test("gives back after a restart what was committed, and not what was removed", async () => {
    const { term } = await lead();
    const spec = { Name: "web", Env: ["A=1"], Deep: { list: [1, 2.5, -3], no: null, yes: true } };
    await log.commit({
      index: 1,
      term,
      records: [
        { key: "services/a", value: spec },
        { key: "tasks/t1", value: { state: "new", at: 1_763_691_600_123 } },
        { key: "tasks/t2", value: "only a string" },
      ],
    });
    await log.commit({
      index: 2,
      term,
      records: [
        { key: "tasks/t1", value: undefined },
        { key: "tasks/t2", value: { state: "running", text: "ünïcödé ✓", big: 2 ** 52 + 1 } },
        { key: "tasks/never-was", value: undefined },
      ],
    });
    const wanted = [
      { key: "services/a", value: spec },
      { key: "tasks/t2", value: { state: "running", text: "ünïcödé ✓", big: 2 ** 52 + 1 } },
    ];
    const before = await log.load();
    await restart();
    const after = await log.load();
    expect([before.index, after.index]).toEqual([2, 2]);
    expect([sorted(before.records), sorted(after.records)]).toEqual([wanted, wanted]);
  });

  test("keeps bytes", async () => {
    const { term } = await lead();
    const data = new Uint8Array(randomBytes(1_000));
    await log.commit({ index: 1, term, records: [{ key: "secrets/s", value: { data } }] });
    await restart();
    const value = (await log.load()).records[0]?.value as { data: Uint8Array };
    expect(value.data).toBeInstanceOf(Uint8Array);
    expect(new Uint8Array(value.data)).toEqual(data);
  });

  test("is not changed by what the caller does with a value afterwards", async () => {
    const { term } = await lead();
    const value = { list: [1] };
    const committing = log.commit({ index: 1, term, records: [{ key: "k/1", value }] });
    await committing;
    value.list.push(2);
    expect((await log.load()).records).toEqual([{ key: "k/1", value: { list: [1] } }]);
  });

  test("takes a batch of thousands of records at once", async () => {
    const { term } = await lead();
    const records = Array.from({ length: 3_000 }, (_, n) => ({ key: `tasks/${n}`, value: { n } }));
    await log.commit({ index: 1, term, records });
    await restart();
    expect(sorted((await log.load()).records)).toEqual(sorted(records));
  });

  test("tells who leads, and what the newest batch is", async () => {
    const told: (string | undefined)[] = [];
    const stop = new AbortController();
    log.observeLeader((candidate) => told.push(candidate), stop.signal);
    const leadership = await lead();
    expect(leadership.valid()).toBe(true);
    await vi.waitFor(() => expect(told).toEqual([undefined, "m1"]));
    expect(await log.readIndex(never)).toBe(0);
    await log.commit({
      index: 1,
      term: leadership.term,
      records: [{ key: "configs/a", value: 1 }],
    });
    expect(await log.readIndex(never)).toBe(1);
    await leadership.resign();
    expect(leadership.valid()).toBe(false);
    await vi.waitFor(() => expect(told.at(-1)).toBeUndefined());
    stop.abort();
    await lead();
    expect(told).toEqual([undefined, "m1", undefined]);
  });

  test("refuses commits of nobody, of a former term, and after resigning", async () => {
    const refused = { kind: "unavailable" };
    const record = { key: "k/1", value: 1 };
    await expect(log.commit({ index: 1, term: 0, records: [record] })).rejects.toMatchObject(
      refused,
    );
    const first = await lead();
    const second = await lead();
    expect(second.term).toBeGreaterThan(first.term);
    expect(first.lost.aborted).toBe(true);
    expect(second.lost.aborted).toBe(false);
    await expect(
      log.commit({ index: 1, term: first.term, records: [record] }),
    ).rejects.toMatchObject(refused);
    await second.resign();
    expect(second.lost.aborted).toBe(true);
    await expect(
      log.commit({ index: 1, term: second.term, records: [record] }),
    ).rejects.toMatchObject(refused);
    expect(await log.load()).toEqual({ index: 0, records: [] });
  });

  test("terms grow across restarts", async () => {
    const { term } = await lead();
    await restart();
    expect((await lead()).term).toBeGreaterThan(term);
  });

  test("a batch without records moves the index", async () => {
    const { term } = await lead();
    await log.commit({ index: 1, term, records: [] });
    await restart();
    expect((await log.load()).index).toBe(1);
  });

  test.runIf(isShared)("a follower is told each batch once, in order", async () => {
    const { term } = await lead();
    const follower = newFollower();
    const stop = new AbortController();
    const other = await reopen();
    await other.load();
    other.watch(0, follower, stop.signal);
    const batches = [1, 2, 3].map((index) => ({
      index,
      term,
      records: [
        { key: "tasks/t", value: index === 3 ? undefined : { index } },
        { key: `tasks/${index}`, value: "x" },
      ],
    }));
    for (const batch of batches) await log.commit(batch);
    await vi.waitFor(() => expect(follower.told).toHaveLength(3));
    const told = follower.told.map(({ records, ...batch }) => ({
      ...batch,
      records: sorted(records),
    }));
    expect(told).toEqual(batches.map((batch) => ({ ...batch, records: sorted(batch.records) })));
    stop.abort();
    await log.commit({ index: 4, term, records: [] });
    await other.readIndex(never);
    expect(follower.told).toHaveLength(3);
    await other.close();
  });

  test.runIf(isShared)(
    "who follows from what is not known gets the whole state first",
    async () => {
      const { term } = await lead();
      await log.commit({ index: 1, term, records: [{ key: "a/1", value: 1 }] });
      await log.commit({ index: 2, term, records: [{ key: "a/2", value: 2 }] });
      const other = await reopen();
      const follower = newFollower();
      other.watch(1, follower, never);
      await vi.waitFor(() => expect(follower.told).toHaveLength(1));
      await log.commit({ index: 3, term, records: [] });
      await vi.waitFor(() => expect(follower.told).toHaveLength(2));
      expect(follower.told).toEqual([
        {
          index: 2,
          records: [
            { key: "a/1", value: 1 },
            { key: "a/2", value: 2 },
          ],
        },
        { index: 3, term, records: [] },
      ]);
      await other.close();
    },
  );

  test.runIf(isShared)("what one manager commits, the others follow", async () => {
    const other = await reopen();
    const { term } = await lead();
    const follower = newFollower();
    await other.load();
    other.watch(0, follower, never);
    await log.commit({ index: 1, term, records: [{ key: "a/1", value: { n: 1 } }] });
    await vi.waitFor(() =>
      expect(follower.told).toEqual([
        { index: 1, term, records: [{ key: "a/1", value: { n: 1 } }] },
      ]),
    );
    expect(await other.readIndex(never)).toBe(1);
    await other.close();
  });
});
