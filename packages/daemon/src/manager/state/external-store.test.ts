// Goal: managers share the state in an etcd that somebody else runs, over mutual TLS, and one of its endpoints
// may be lost. Method: a real etcd with client certificates, behind two ports that the test can close.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import { createNode } from "@skein/manager";
import {
  checkEtcdBinary,
  createRootAuthority,
  issueOwnCredentials,
  newSigner,
  systemClock,
  systemRandom,
} from "@skein/platform";
import type { Credentials, Endpoints } from "@skein/platform";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newCluster } from "../../membership/new-cluster.ts";
import type { ManagerOptions, StateSource } from "../manager-options.ts";
import type { ManagerRuntime } from "../manager-runtime.ts";
import { startManager } from "../manager-runtime.ts";

const hasEtcd = await checkEtcdBinary().then(
  () => true,
  () => false,
);
const SLOW_MS = 60_000;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const listening = async (server: Server): Promise<Server> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
};

const freePort = async (): Promise<number> => {
  const server = await listening(createServer());
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
};

/** A port that leads to another one until it is closed, and all connections with it. */
const door = async (to: number): Promise<{ readonly port: number; readonly close: () => void }> => {
  const open = new Set<Socket>();
  const server = await listening(
    createServer((socket) => {
      const inner = connect(to, "127.0.0.1");
      for (const one of [socket, inner]) {
        open.add(one);
        one.on("error", () => {
          // it is closed, too
        });
        one.once("close", () => {
          socket.destroy();
          inner.destroy();
        });
      }
      socket.pipe(inner).pipe(socket);
    }),
  );
  const close = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { port: portOf(server), close };
};

let directory = "";
let etcd: ChildProcess | undefined;
let doors: readonly Awaited<ReturnType<typeof door>>[] = [];
let endpoints: Endpoints;
const managers: ManagerRuntime[] = [];

/** Certificates of one authority for the server and the client; a node called `localhost` is either. */
const startEtcd = async (): Promise<void> => {
  const root = await createRootAuthority(Date.now());
  const own = await issueOwnCredentials(await newSigner(root), root.certificate, {
    identity: { nodeId: "localhost", role: "manager", clusterId: "etcd" },
    now: Date.now(),
    lifetimeMs: 7_200_000,
  });
  const files = { ca: root.certificate, cert: own.certificatePem, key: own.keyPem };
  for (const [name, pem] of Object.entries(files)) writeFileSync(join(directory, name), pem);
  const [port, peer] = [await freePort(), await freePort()];
  const settings = {
    "data-dir": join(directory, "data"),
    "listen-client-urls": `https://127.0.0.1:${port}`,
    "advertise-client-urls": `https://127.0.0.1:${port}`,
    "listen-peer-urls": `http://127.0.0.1:${peer}`,
    "initial-advertise-peer-urls": `http://127.0.0.1:${peer}`,
    "initial-cluster": `default=http://127.0.0.1:${peer}`,
    "trusted-ca-file": join(directory, "ca"),
    "cert-file": join(directory, "cert"),
    "key-file": join(directory, "key"),
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  etcd = spawn("etcd", [...flags, "--client-cert-auth", "--logger=zap"], { stdio: "ignore" });
  doors = [await door(port), await door(port)];
  endpoints = {
    endpoints: doors.map((one) => `https://localhost:${one.port}`),
    tls: { rootPem: files.ca, certificatePem: files.cert, keyPem: files.key },
  };
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "skein-external-"));
  if (hasEtcd) await startEtcd();
}, SLOW_MS);
afterAll(async () => {
  for (const manager of managers.toReversed()) await manager.stop();
  for (const one of doors) one.close();
  if (etcd?.kill()) await once(etcd, "exit");
  rmSync(directory, { recursive: true, force: true });
}, SLOW_MS);

const start = async (
  credentials: Credentials,
  source: StateSource,
  more: Pick<ManagerOptions, "externalStore" | "settle"> & { readonly port: number },
): Promise<ManagerRuntime> => {
  const { port, ...rest } = more;
  const options = {
    dataDir: join(directory, credentials.identity.nodeId),
    source,
    listen: { host: "127.0.0.1", port },
    advertiseAddr: `127.0.0.1:${port}`,
    credentials,
    settings: {},
    ...rest,
  };
  const dependencies = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const manager = await startManager(options, dependencies, AbortSignal.timeout(SLOW_MS));
  managers.push(manager);
  return manager;
};

const aRequest: Parameters<typeof newCluster>[0] = {
  ListenAddr: "",
  AdvertiseAddr: "",
  DataPathAddr: "",
  DataPathPort: 0,
  DefaultAddrPool: [],
  SubnetSize: 0,
  ForceNewCluster: false,
  AutoLockManagers: false,
  Availability: "active",
  Spec: {
    Name: "",
    Labels: {},
    Orchestration: {},
    Raft: { ElectionTick: 10, HeartbeatTick: 1 },
    Dispatcher: {},
    CAConfig: {},
    TaskDefaults: {},
    EncryptionConfig: { AutoLockManagers: false },
  },
};

const config = (name: string): unknown => ({ Name: name, Labels: {}, Data: "eA==" });

test.skipIf(!hasEtcd)(
  "two managers share an etcd of somebody else, and go on when an endpoint is lost",
  async () => {
    const [one, two] = [await freePort(), await freePort()];
    const clock = systemClock;
    const { bootstrap, credentials } = await newCluster(aRequest, `127.0.0.1:${one}`, {
      clock,
      random: systemRandom,
      externalStore: endpoints,
    });
    const key = systemRandom.bytes(32);
    const settled: string[] = [];
    const more = {
      externalStore: endpoints,
      settle: async (kind: string) => void settled.push(kind),
    };
    const first = await start(
      credentials,
      { kind: "external", key, bootstrap },
      { ...more, port: one },
    );
    const identity = { ...credentials.identity, nodeId: "manager00000000000000000m2" };
    const signer = await newSigner(bootstrap.rootCa);
    const content = { identity, now: Date.now(), lifetimeMs: 7_200_000 };
    const others = await issueOwnCredentials(signer, bootstrap.rootCa.certificate, content);
    await first.store.transact((tx) =>
      createNode(tx, { id: identity.nodeId, role: "manager", availability: "active" }),
    );

    const kept: Uint8Array[] = [];
    const joining: StateSource = {
      kind: "joining",
      remotes: () => [`127.0.0.1:${one}`],
      keepKey: async (given) => void kept.push(given),
    };
    const { externalStore: _, ...without } = more;
    await expect(start(others, joining, { ...without, port: two })).rejects.toThrow(
      "start the daemon with --store-endpoints",
    );
    const second = await start(others, joining, { ...more, port: two });
    expect(settled).toEqual(["external"]);
    expect(Buffer.from(kept.at(-1) ?? []).equals(Buffer.from(key))).toBe(true);
    expect(second.candidate.leader).toBeUndefined();

    await second.perform("configs.create", { spec: config("before") });
    doors[0]?.close();
    await vi.waitFor(
      () => second.perform("configs.create", { spec: config("after") }),
      SLOW_MS / 2,
    );
    await first.candidate.stepDown();
    await vi.waitFor(() => expect(second.candidate.leader).toBeDefined(), SLOW_MS / 2);
    const names = [...second.store.view.all("configs").values()].map(({ spec }) => spec.Name);
    expect(new Set(names)).toEqual(new Set(["after", "before"]));
  },
  2 * SLOW_MS,
);
