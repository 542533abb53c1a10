import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "@skein/store";
import { open } from "lmdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLmdbLog } from "./lmdb-log.ts";

const key = randomBytes(32);
let directory = "";
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "skein-lmdb-")), "state");
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true }));

/** Commits `count` batches of 20 records of 500 bytes. */
const fill = async (log: Log, count: number): Promise<void> => {
  const { term } = await log.campaign("m1", new AbortController().signal);
  const { index } = await log.load();
  for (let n = index + 1; n <= index + count; n += 1) {
    const records = Array.from({ length: 20 }, (_, i) => ({
      key: `tasks/${n}-${i}`,
      value: { n, filler: "plain words ".repeat(40) },
    }));
    await log.commit({ index: n, term, records });
  }
};

const filled = async (): Promise<void> => {
  const log = await openLmdbLog({ directory, key });
  await fill(log, 40);
  await log.close();
};

test("nothing that was committed is on the disk in clear, and only the owner gets at it", async () => {
  await filled();
  for (const name of readdirSync(directory))
    expect(readFileSync(join(directory, name)).includes("plain words")).toBe(false);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
});

test("a second opener is refused while the first is open", async () => {
  const log = await openLmdbLog({ directory, key });
  await expect(openLmdbLog({ directory, key })).rejects.toMatchObject({
    kind: "conflict",
    message: `the state in "${directory}" is in use by process ${process.pid}`,
  });
  await fill(log, 1);
  await log.close();
  await (await openLmdbLog({ directory, key })).close();
});

test("another key is told apart from damage, and changes nothing", async () => {
  await filled();
  await expect(openLmdbLog({ directory, key: randomBytes(32) })).rejects.toMatchObject({
    kind: "internal",
    message: `the state in "${directory}" cannot be used: it was sealed with another manager key`,
  });
  const log = await openLmdbLog({ directory, key });
  expect((await log.load()).index).toBe(40);
  await log.close();
});

test("records that change places are found", async () => {
  await filled();
  const environment = open<Buffer, string>({ path: directory, encoding: "binary", maxDbs: 2 });
  const records = environment.openDB<Buffer, string>({ name: "records", encoding: "binary" });
  await records.put("tasks/1-1", records.get("tasks/2-2") ?? Buffer.alloc(0));
  await environment.close();
  const log = await openLmdbLog({ directory, key });
  await expect(log.load()).rejects.toMatchObject({
    kind: "internal",
    message: `the state in "${directory}" cannot be used: "record/tasks/1-1" is damaged`,
  });
  await log.close();
});

test("a file of another kind and a file cut short are named, not mapped", async () => {
  await filled();
  const path = join(directory, "data.mdb");
  truncateSync(path, statSync(path).size - 65 * 4096);
  await expect(openLmdbLog({ directory, key })).rejects.toMatchObject({
    kind: "internal",
    message: expect.stringMatching(/data\.mdb" is corrupt: it was cut short \(\d+ of \d+ bytes\)/),
  });
  writeFileSync(path, randomBytes(50_000));
  await expect(openLmdbLog({ directory, key })).rejects.toMatchObject({
    message: `the state file "${path}" is corrupt: it is not a state file`,
  });
});

test("a batch out of turn is a bug, and is refused", async () => {
  const log = await openLmdbLog({ directory, key });
  const { term } = await log.campaign("m1", new AbortController().signal);
  await expect(log.commit({ index: 5, term, records: [] })).rejects.toThrow("bug: batch 5 after 0");
  await log.close();
});

const probe = spawnSync("unshare", ["-rm", "sh", "-c", `mount -t tmpfs none "${tmpdir()}"`]);

test.skipIf(probe.status !== 0)(
  "a full disk refuses a batch whole; the log lives on",
  () => {
    const script = `
    import { mkdirSync, rmSync } from "node:fs";
    import { openLmdbLog } from ${JSON.stringify(new URL("lmdb-log.ts", import.meta.url).href)};
    const options = { directory: process.argv[1] + "/state", key: Buffer.alloc(32) };
    const log = await openLmdbLog(options);
    const { term } = await log.campaign("m1", new AbortController().signal);
    const batch = (index, size) => log.commit({ index, term, records:
      Array.from({ length: 20 }, (_, i) => ({ key: "k/" + index + "-" + i, value: "x".repeat(size) })) });
    let index = 0, failure;
    while (failure === undefined)
      await batch(index + 1, 2000).then(() => { index += 1; }, (error) => { failure = error; });
    const again = await batch(index + 1, 2000).catch((error) => error.kind);
    const { index: loaded, records } = await log.load();
    await log.close();
    const reopened = await openLmdbLog(options);
    const after = await reopened.load();
    console.log(JSON.stringify({ kind: failure.kind, message: failure.message, again,
      whole: loaded === index && records.length === index * 20,
      wholeAfter: after.index === index && after.records.length === index * 20 }));
    await reopened.close();`;
    const mount = join(directory, "..");
    const shell = [
      `mount -t tmpfs -o size=2m none "$0"`,
      `exec "${process.execPath}" --conditions=source --import=tsx --input-type=module -e "$1" "$0"`,
    ].join(" && ");
    const { stdout, stderr } = spawnSync("unshare", ["-rm", "sh", "-c", shell, mount, script], {
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(JSON.parse(stdout.trim() || `{"stderr":${JSON.stringify(stderr)}}`)).toEqual({
      kind: "internal",
      message: `cannot write the state in "${directory}": the disk is full`,
      again: "internal",
      whole: true,
      wholeAfter: true,
    });
  },
  60_000,
);

test("a state is restored into an empty log, and goes on from its index", async () => {
  const state = { index: 40, records: [{ key: "tasks/a", value: { text: "plain words" } }] };
  const log = await openLmdbLog({ directory, key });
  await log.restore(state);
  await expect(log.restore(state)).rejects.toThrow("it is not empty");
  await log.close();
  const again = await openLmdbLog({ directory, key });
  expect(await again.load()).toEqual(state);
  await fill(again, 1);
  expect(await again.load()).toMatchObject({ index: 41 });
  await again.close();
});
