// Goal: a manager that is killed while its state moves from lmdb to etcd starts again, with one or the
// other, and has all that was acknowledged. Method: a process with real lmdb and etcd that writes without
// pause is killed with SIGKILL at moments of the move, and the state is opened as a restart does.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { checkEtcdBinary, systemClock } from "@skein/platform";
import { Store } from "@skein/store";
import { afterAll, expect, test } from "vitest";
import { readLocalState } from "../../membership/local-state.ts";
import { StateHome } from "./state-home.ts";
import { homeOptions, planner } from "./testing/test-home.ts";

const hasEtcd = await checkEtcdBinary().then(
  () => true,
  () => false,
);

const OBJECTS = 2000;
const LIMIT_MS = 60_000;

const directories: string[] = [];

afterAll(() => {
  for (const directory of directories.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

/** Runs the manager until it says `line` and then for `ms` more; resolves to what it has acknowledged. */
const runUntil = async (dataDir: string, { line, ms }: Moment): Promise<readonly string[]> => {
  const child = fork(
    new URL("testing/moving-manager.ts", import.meta.url),
    [dataDir, ms === undefined ? line : ""],
    {
      execArgv: ["--conditions=source", "--import=tsx"],
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    },
  );
  const acknowledged: string[] = [];
  const gone = new Promise((resolve) => child.once("exit", resolve));
  if (!child.stdout) throw new Error("no output");
  for await (const said of createInterface({ input: child.stdout })) {
    if (said.startsWith("acknowledged ")) acknowledged.push(said.slice("acknowledged ".length));
    if (said === line) void sleep(ms ?? 0).then(() => child.kill("SIGKILL"));
  }
  await gone;
  return acknowledged;
};

/** As a restart of the daemon opens it. */
const reopened = async (
  dataDir: string,
): Promise<{ readonly kind: string; readonly home: StateHome }> => {
  const kind = (await readLocalState(dataDir))?.state ?? "lmdb";
  const options = homeOptions(dataDir, () => Promise.resolve());
  if (kind === "lmdb") return { kind, home: await StateHome.alone(options) };
  const signal = AbortSignal.timeout(LIMIT_MS);
  return { kind, home: await StateHome.shared(options, { kind: "continue" }, signal) };
};

interface Moment {
  /** What the process says when the time has come. */
  readonly line: string;
  /** How long it then goes on, in ms; absent: it stands still there. */
  readonly ms?: number;
  /** Where the state may be found. */
  readonly kinds: readonly string[];
}

const MOMENTS: readonly Moment[] = [
  { line: "moving", ms: 300, kinds: ["lmdb", "etcd"] },
  { line: "moving", ms: 700, kinds: ["lmdb", "etcd"] },
  { line: "settling", kinds: ["lmdb"] },
  { line: "settled", kinds: ["etcd"] },
  { line: "moved", ms: 100, kinds: ["etcd"] },
];

test.runIf(hasEtcd).concurrent.each(MOMENTS)(
  "killed when it says $line: nothing is lost (%#)",
  { timeout: 2 * LIMIT_MS },
  async (moment) => {
    const dataDir = mkdtempSync(join(tmpdir(), "skein-move-"));
    directories.push(dataDir);
    const acknowledged = await runUntil(dataDir, moment);
    const { kind, home } = await reopened(dataDir);
    try {
      expect(moment.kinds).toContain(kind);
      const store = await Store.open(home.log, systemClock);
      const configs = store.view.all("configs");
      expect(acknowledged.filter((id) => !configs.has(id))).toEqual([]);
      expect(configs.size).toBeGreaterThanOrEqual(OBJECTS + acknowledged.length);
      store.lead(await home.log.campaign("m1", AbortSignal.timeout(LIMIT_MS)), planner);
      await store.transact((tx) => tx.delete("configs", "first0"));
      expect(store.view.get("configs", "first0")).toBeUndefined();
    } finally {
      await home.close();
    }
  },
);
