// Goal: nothing acknowledged is lost and nothing is torn when the manager dies at any moment.
// Method: a child process commits batches whose content follows from their index, and prints each
// index once it is acknowledged; it is killed with SIGKILL; the log must then hold exactly the
// state after some index that is not before the last one printed. Thirty times on the same disk.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadedState } from "@skein/store";
import { seededRandom } from "@skein/base";
import { expect, test } from "vitest";
import { openLmdbLog } from "./lmdb-log.ts";

const ROUNDS = 30;
const key = Buffer.alloc(32, 5);

/** Commits without end. Batch n writes `a/<n mod 7>`, `b/<n mod 31>` and `c/<n>`, and removes `c/<n-3>`. */
const child = `
  import { openLmdbLog } from ${JSON.stringify(new URL("lmdb-log.ts", import.meta.url).href)};
  const log = await openLmdbLog({ directory: process.argv[1], key: Buffer.alloc(32, 5) });
  const { term } = await log.campaign("m1", new AbortController().signal);
  let { index } = await log.load();
  for (;;) {
    index += 1;
    const value = { index, filler: "x".repeat((index * 37) % 3000) };
    await log.commit({ index, term, records: [
      { key: "a/" + (index % 7), value }, { key: "b/" + (index % 31), value },
      { key: "c/" + index, value }, { key: "c/" + (index - 3), value: undefined } ] });
    process.stdout.write(index + "\\n");
  }`;

/** The index that each key must hold after batch `index`, worked out without the log. */
const expectedAfter = (index: number): Map<string, number> => {
  const state = new Map<string, number>();
  for (let n = Math.max(1, index - 31); n <= index; n += 1) {
    state.set(`a/${n % 7}`, n);
    state.set(`b/${n % 31}`, n);
    if (n > index - 3) state.set(`c/${n}`, n);
  }
  return state;
};

const found = ({ records }: LoadedState): Map<string, number> =>
  new Map(
    records.map((record) => {
      const { index, filler } = record.value as { index: number; filler: string };
      return [record.key, filler === "x".repeat((index * 37) % 3000) ? index : Number.NaN];
    }),
  );

const readLog = async (directory: string): Promise<LoadedState> => {
  const log = await openLmdbLog({ directory, key });
  const state = await log.load();
  await log.close();
  return state;
};

/** Runs the child, kills it `delayMs` after its first acknowledgement, returns the last one. */
const killDuringCommits = async (directory: string, delayMs: number): Promise<number> => {
  const command = ["--conditions=source", "--import=tsx", "--input-type=module", "-e", child];
  const writer = spawn(process.execPath, [...command, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  writer.stdout.on("data", (chunk: Buffer) => {
    if (output === "") setTimeout(() => writer.kill("SIGKILL"), delayMs);
    output += chunk.toString();
  });
  await once(writer, "close");
  expect(writer.signalCode).toBe("SIGKILL");
  const acknowledged = output.slice(0, output.lastIndexOf("\n")).split("\n");
  return Number(acknowledged.at(-1));
};

test("survives kill -9 at any moment", async () => {
  const directory = mkdtempSync(join(tmpdir(), "skein-kill-"));
  const random = seededRandom(2026);
  let batches = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const acknowledged = await killDuringCommits(directory, random.integer(60));
    const state = await readLog(directory);
    expect(state.index).toBeGreaterThanOrEqual(acknowledged);
    expect(found(state)).toEqual(expectedAfter(state.index));
    expect(acknowledged).toBeGreaterThan(batches);
    batches = state.index;
  }
  rmSync(directory, { recursive: true });
}, 120_000);
