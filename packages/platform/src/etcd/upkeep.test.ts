// Goal: etcd stays small and comes back from a full database. Method: a real member with a small quota.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newVirtualClock, silentLogger } from "@skein/base";
import { openMemoryLog } from "@skein/store";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { copyState } from "./copy-state.ts";
import { openEtcdLog } from "./etcd-log.ts";
import { hasEtcd, startTestMember } from "./testing.ts";
import type { TestMember } from "./testing.ts";
import { EtcdUpkeep } from "./upkeep.ts";

const isEtcdThere = await hasEtcd();
const never = new AbortController().signal;
const quotaBytes = 16 * 1_048_576;

describe.runIf(isEtcdThere)("upkeep of etcd", () => {
  let etcd: TestMember;
  beforeAll(async () => {
    etcd = await startTestMember({ quotaBytes });
  }, 60_000);
  afterAll(() => etcd.remove());

  const open = (clusterId: string = randomUUID()) =>
    openEtcdLog({
      client: etcd.member.client,
      clusterId,
      key: randomBytes(32),
      logger: silentLogger,
    });

  test("a full database refuses with what to do, and takes writes again after a look", async () => {
    const { client } = etcd.member;
    const log = await open();
    const leadership = await log.campaign("m1", never);
    const { term } = leadership;
    const value = "x".repeat(500_000);
    let index = 0;
    let refusal: unknown;
    while (refusal === undefined && index < 100) {
      const batch = { index: index + 1, term, records: [{ key: "configs/c", value }] };
      try {
        await log.commit(batch);
        index += 1;
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("no space left"),
    });
    expect(leadership.valid()).toBe(true);
    expect((await log.load()).index).toBe(index);
    expect(await client.alarms()).toHaveLength(1);
    const upkeep = new EtcdUpkeep({
      client,
      quotaBytes,
      clock: newVirtualClock(),
      logger: silentLogger,
      keepRevisions: 1,
    });
    await vi.waitFor(
      async () => {
        await upkeep.look();
        expect(await client.alarms()).toEqual([]);
      },
      { timeout: 20_000, interval: 100 },
    );
    expect((await client.status()).dbSize).toBeLessThan(quotaBytes / 4);
    await log.commit({ index: index + 1, term, records: [{ key: "configs/c", value: "small" }] });
    await log.close();
  }, 60_000);

  test("a state moves into etcd; killed before the mark, it moves again", async () => {
    const from = openMemoryLog();
    const { term } = await from.campaign("m1", never);
    await from.commit({ index: 1, term, records: [{ key: "a/1", value: 1 }] });
    await from.commit({ index: 2, term, records: [{ key: "a/2", value: { b: 2 } }] });
    const to = await open();
    const killed = () => Promise.reject(new Error("killed"));
    await expect(copyState({ from, to, mark: killed })).rejects.toThrow("killed");
    let marks = 0;
    const mark = () => {
      marks += 1;
      return Promise.resolve();
    };
    await copyState({ from, to, mark });
    expect(marks).toBe(1);
    expect(await to.load()).toEqual(await from.load());
    const other = openMemoryLog();
    const { term: otherTerm } = await other.campaign("m1", never);
    await other.commit({ index: 1, term: otherTerm, records: [] });
    await expect(copyState({ from: other, to, mark })).rejects.toMatchObject({ kind: "conflict" });
    expect(marks).toBe(1);
    await to.close();
  });

  test("long paths to the sockets do not matter", async () => {
    const base = mkdtempSync(join(tmpdir(), "skein-etcd-"));
    const directory = join(base, "d".repeat(120));
    const deep = await startTestMember({ directory });
    expect((await deep.member.client.status()).leader).toBeDefined();
    await deep.remove();
    rmSync(base, { recursive: true });
  }, 60_000);
});
