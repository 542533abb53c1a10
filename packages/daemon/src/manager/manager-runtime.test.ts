// Goal: whatever manager is asked, the leader does it, and the one that was asked then shows it.
// Method: two managers over real connections on the loopback interface, with one log in memory whose
// elections the test decides.
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperationError, silentLogger } from "@skein/base";
import type { NewCluster } from "@skein/manager";
import {
  createRootAuthority,
  issueOwnCredentials,
  newJoinToken,
  newSigner,
  systemClock,
  systemRandom,
} from "@skein/platform";
import type { Credentials } from "@skein/platform";
import type { Log, MemoryDisk } from "@skein/store";
import { newMemoryDisk, openMemoryLog } from "@skein/store";
import type { Service, ServiceSpec } from "@skein/wire";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ManagerRuntime } from "./manager-runtime.ts";
import { startManager } from "./manager-runtime.ts";

const CLUSTER = "cluster00000000000000000c";

interface Manager {
  readonly runtime: ManagerRuntime;
  /** Lets it win the election. */
  readonly elect: () => void;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** A log on which a candidate waits until it is elected. */
const votedLog = (disk: MemoryDisk): { readonly log: Log; readonly elect: () => void } => {
  const inner = openMemoryLog(disk);
  const votes: (() => void)[] = [];
  let elections = 0;
  const next = (): void => {
    while (elections > 0 && votes.length > 0) {
      elections -= 1;
      votes.shift()?.();
    }
  };
  const campaign: Log["campaign"] = (candidate, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
      votes.push(() => resolve(inner.campaign(candidate, signal)));
      next();
    });
  const elect = (): void => {
    elections += 1;
    next();
  };
  return { log: { ...inner, campaign }, elect };
};

const aSwarmSpec: NewCluster["spec"] = {
  Name: "default",
  Labels: {},
  Orchestration: { TaskHistoryRetentionLimit: 5 },
  Raft: { ElectionTick: 10, HeartbeatTick: 1 },
  Dispatcher: { HeartbeatPeriod: 5e9 },
  CAConfig: {},
  TaskDefaults: {},
  EncryptionConfig: { AutoLockManagers: false },
};

const spec = (name: string): ServiceSpec => ({
  Name: name,
  Labels: {},
  TaskTemplate: { ContainerSpec: { Image: "bb:1" }, ForceUpdate: 0 },
  Mode: { Replicated: { Replicas: 1 } },
});

const create = (manager: Manager | undefined, name: string): Promise<unknown> | undefined =>
  manager?.runtime.perform("services.create", { spec: spec(name), registryAuth: "" });

const names = async (manager: Manager | undefined): Promise<readonly string[]> => {
  const listed: readonly Service[] =
    (await manager?.runtime.control.services.list({ filters: {}, status: false })) ?? [];
  return listed.map(({ Spec }) => Spec?.Name ?? "").toSorted((a, b) => a.localeCompare(b));
};

let directory: string;
let managers: Manager[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "skein-managers-"));
  managers = [];
  const rootCa = await createRootAuthority(Date.now());
  const signer = await newSigner(rootCa);
  const disk = newMemoryDisk();
  const ports = [await freePort(), await freePort()];
  const ids = ["manager00000000000000000m1", "manager00000000000000000m2"];
  for (const [index, nodeId] of ids.entries()) {
    const credentials: Credentials = await issueOwnCredentials(signer, rootCa.certificate, {
      identity: { nodeId, role: "manager", clusterId: CLUSTER },
      now: Date.now(),
      lifetimeMs: 7_200_000,
    });
    const { log, elect } = votedLog(disk);
    const token = newJoinToken(rootCa.certificate, systemRandom);
    const bootstrap: NewCluster = {
      id: CLUSTER,
      spec: aSwarmSpec,
      rootCa,
      joinTokens: { worker: token, manager: token },
      unlockKey: "",
      defaultAddrPool: ["10.0.0.0/8"],
      subnetSize: 24,
      dataPathPort: 4789,
      firstNode: {
        id: nodeId,
        role: "manager",
        availability: "drain",
        managerAddr: `127.0.0.1:${ports[0]}`,
      },
      newId: () => `network${String(Math.random()).slice(2)}`,
    };
    if (index === 0) elect();
    const runtime = await startManager(
      {
        dataDir: join(directory, nodeId),
        source: {
          kind: "lmdb",
          key: new Uint8Array(32),
          ...(index === 0 ? { bootstrap } : {}),
        },
        listen: { host: "127.0.0.1", port: ports[index] ?? 0 },
        advertiseAddr: `127.0.0.1:${ports[index]}`,
        credentials,
        settings: {},
        settle: () => Promise.resolve(),
      },
      {
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        openLog: () => log,
      },
      new AbortController().signal,
    );
    managers.push({ runtime, elect });
  }
  await managers[0]?.runtime.store.transact((tx) => {
    const [first] = tx.all("nodes").values();
    if (first)
      tx.put("nodes", { ...first, id: ids[1] ?? "", managerAddr: `127.0.0.1:${ports[1]}` });
  });
});
afterEach(async () => {
  for (const { runtime } of managers) await runtime.stop();
  rmSync(directory, { recursive: true });
});

test("a manager that does not lead has the leader do it, and shows it right after", async () => {
  const [leader, follower] = managers;
  expect(await create(follower, "web")).toMatchObject({ ID: expect.any(String) });
  expect(follower?.runtime.candidate.leader).toBeUndefined();
  expect(await names(follower)).toEqual(["web"]);
  await create(leader, "db");
  expect(await names(follower)).toEqual(["db", "web"]);
});

test("refusals come through as the leader made them", async () => {
  const [, follower] = managers;
  await create(follower, "web");
  const refusal = await create(follower, "web")?.catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(OperationError);
  expect(refusal).toMatchObject({ kind: "conflict", rpc: true });
  await expect(follower?.runtime.perform("services.explode", {})).rejects.toMatchObject({
    kind: "not-implemented",
  });
});

test("after an election the former leader asks the new one", async () => {
  const [one, two] = managers;
  await create(two, "before");
  two?.elect();
  await vi.waitFor(() => expect(two?.runtime.candidate.leader).toBeDefined());
  await create(one, "after");
  expect(one?.runtime.candidate.leader).toBeUndefined();
  expect(await names(one)).toEqual(["after", "before"]);
});

test("a request waits for the leader that an election under way brings", async () => {
  const [one, two] = managers;
  await one?.runtime.candidate.stepDown();
  const waiting = create(two, "patient");
  expect(one?.runtime.candidate.leaderId).toBeUndefined();
  one?.elect();
  await waiting;
  expect(await names(one)).toEqual(["patient"]);
});
