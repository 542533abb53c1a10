// How long changes wait while the state of a cluster moves from lmdb to etcd, which goes on below a
// leader that is written to without a pause.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import { checkEtcdBinary, openEtcdLog, openLmdbLog, startEtcdMember } from "@skein/platform";
import { MovableLog, Store } from "@skein/store";
import type { Planner } from "@skein/store";
import type { Row } from "./table.ts";
import { milliseconds } from "./table.ts";
import { wallClock } from "./wall-clock.ts";

const SIZES = [1000, 5000, 20_000];
const READY_MS = 30_000;

const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };
const config = (id: string, size: number) => ({
  id,
  spec: { Name: id, Labels: {}, Data: "x".repeat(size) },
});
/** About what a task takes. */
const BYTES = 1000;

interface Move {
  readonly wholeMs: number;
  readonly longestWaitMs: number;
}

const move = async (directory: string, objects: number): Promise<Move> => {
  const key = Buffer.alloc(32, 1);
  const log = new MovableLog(await openLmdbLog({ directory: join(directory, "state"), key }));
  const store = await Store.open(log, wallClock);
  store.lead(await log.campaign("m1", new AbortController().signal), planner);
  await store.transact((tx) => {
    for (let n = 0; n < objects; n += 1) tx.put("configs", config(`first${n}`, BYTES));
  });
  const member = await startEtcdMember(
    {
      directory: join(directory, "etcd"),
      name: "m1",
      address: "10.99.0.1:2377",
      dialPeer: () => Promise.reject(new Error("there is no other member")),
      logger: silentLogger,
    },
    { kind: "new", token: `bench${process.pid}.${objects}` },
  );
  await member.ready(READY_MS);
  const shared = { client: member.client, clusterId: "bench", key, logger: silentLogger };
  const target = await openEtcdLog(shared);
  const over = new AbortController();
  let longestWaitMs = 0;
  const write = async (): Promise<void> => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      const before = performance.now();
      await store.transact((tx) => tx.put("configs", config(`c${n % objects}`, BYTES)));
      longestWaitMs = Math.max(longestWaitMs, performance.now() - before);
    }
  };
  const writing = write();
  const before = performance.now();
  await log.moveTo(target, () => Promise.resolve());
  const wholeMs = performance.now() - before;
  over.abort();
  await writing;
  await log.close();
  await member.stop();
  return { wholeMs, longestWaitMs };
};

/** Moves states of several sizes. Nothing where etcd is not installed. */
export const stateMove = async (): Promise<readonly Row[]> => {
  if (!(await checkEtcdBinary().then(Boolean, () => false))) return [];
  const rows: Row[] = [];
  for (const objects of SIZES) {
    const directory = mkdtempSync(join(tmpdir(), "skein-bench-"));
    try {
      const { wholeMs, longestWaitMs } = await move(directory, objects);
      const what = `move of ${objects} objects from lmdb to etcd`;
      rows.push({
        what: `${what}: longest wait of a change`,
        skein: milliseconds(longestWaitMs),
        peer: "",
      });
      rows.push({ what: `${what}: whole`, skein: milliseconds(wholeMs), peer: "" });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return rows;
};
