// Goal: etcd stays small and comes back from a full database. Method: a real member with a small quota.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newVirtualClock, silentLogger } from "@skein/base";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
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

  test("long paths to the sockets do not matter", async () => {
    const base = mkdtempSync(join(tmpdir(), "skein-etcd-"));
    const directory = join(base, "d".repeat(120));
    const deep = await startTestMember({ directory });
    expect((await deep.member.client.status()).leader).toBeDefined();
    await deep.remove();
    rmSync(base, { recursive: true });
  }, 60_000);
});
