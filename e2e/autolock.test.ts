/** Autolock with the stock docker command: the key, a locked manager, what runs meanwhile, unlocking. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { page, untilAnswer } from "./support/http.ts";
import { withPlayground } from "./support/playground.ts";
import type { Outcome } from "./support/run.ts";
import { output, run } from "./support/run.ts";
import { createService, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("lock", ["--no-join", "--workers", "1"]);
const KEY = /SWMKEY-1-[A-Za-z0-9+/]{43}/;
const LOCKED = "Swarm is encrypted and needs to be unlocked before it can be used";

const localState = (): Promise<string> =>
  cluster.docker()("info", "--format", "{{.Swarm.LocalNodeState}}");

const unlock = async (key: string): Promise<Outcome> => {
  const { socket } = await cluster.host("manager1");
  const script = 'printf "%s\\n" "$0" | docker swarm unlock';
  return run("sh", ["-c", script, key], { DOCKER_HOST: `unix://${socket}` });
};

const restart = (): Promise<string> => cluster.command("restart", "manager1", "--daemon");

const containers = async (): Promise<readonly string[]> => {
  const ids = await Promise.all(
    ["manager1", "worker1"].map((host) => cluster.engine(host)("ps", "--quiet", "--no-trunc")),
  );
  return ids
    .flatMap((text) => text.split("\n"))
    .filter((id) => id !== "")
    .toSorted();
};

const keyFiles = async (): Promise<{ readonly manager: string; readonly node: string }> => {
  const { dataDir } = await cluster.host("manager1");
  const at = (name: string): string => readFileSync(join(dataDir, "skein", name), "utf8");
  return { manager: at("manager.key"), node: at("certificates/swarm-node.key") };
};

let key = "";

test("init --autolock prints the key, and seals the manager's files", async () => {
  const manager = await cluster.host("manager1");
  const worker = await cluster.host("worker1");
  const docker = cluster.docker();
  const printed = await docker("swarm", "init", "--autolock", "--advertise-addr", manager.address);
  key = await docker("swarm", "unlock-key", "-q");
  expect(KEY.exec(printed)?.[0]).toBe(key);
  const token = await docker("swarm", "join-token", "-q", "worker");
  const address = `${manager.address}:2377`;
  await cluster.docker("worker1")(
    "swarm",
    "join",
    "--advertise-addr",
    worker.address,
    "--token",
    token,
    address,
  );
  await docker("network", "create", "--driver", "overlay", "net");
  const flags = ["--network", "net", "--replicas", "4", "--publish", "8080:8080"];
  await createService(docker, "web", flags);
  await untilRunning(docker, "web", 4);
  await untilAnswer(manager.address, 8080);
  const files = await keyFiles();
  expect(files.manager).toContain('"wrapping":"unlock-key"');
  expect(files.node).toContain("BEGIN ENCRYPTED PRIVATE KEY");
  expect(await docker("info", "--format", "{{json .Swarm.Cluster}}")).not.toContain(key);
  const inspect = ["--silent", "--unix-socket", manager.socket, "http://docker/swarm"];
  const inspected = await output("curl", inspect);
  expect(inspected).toContain('"AutoLockManagers":true');
  expect(inspected).not.toContain(key);
});

test("a restarted manager is locked; its tasks and the worker's run on, with names and ports", async () => {
  const docker = cluster.docker();
  const before = await containers();
  expect(before).toHaveLength(4);
  await restart();
  expect(await localState()).toBe("locked");
  for (const args of [
    ["node", "ls"],
    ["service", "scale", "web=1"],
  ] as const) {
    const { code, stderr } = await docker.attempt(...args);
    expect(stderr).toContain(LOCKED);
    expect(code).toBe(1);
  }
  expect((await docker.attempt("swarm", "init")).stderr).toContain("already part of a swarm");
  expect((await docker.attempt("swarm", "leave")).stderr).toContain("encrypted and locked");
  expect(await containers()).toEqual(before);
  const { address } = await cluster.host("manager1");
  expect(await page(address, 8080)).toContain("hello from");
  const own = await cluster.engine("manager1")("ps", "--quiet", "--filter", "name=web");
  const name = await cluster.engine("manager1")(
    "exec",
    own.split("\n")[0] ?? "",
    "nslookup",
    "tasks.web",
  );
  expect(name.match(/^Address: 10\./gm)).toHaveLength(4);
});

test("a wrong key changes nothing; the right one brings the cluster back as it was", async () => {
  const docker = cluster.docker();
  const before = await containers();
  const wrong = await unlock(`SWMKEY-1-${"A".repeat(43)}`);
  expect(wrong.stderr).toContain("swarm could not be unlocked: invalid key provided");
  expect((await unlock("nonsense")).stderr).toContain("invalid key string");
  expect(await localState()).toBe("locked");
  expect(await unlock(key)).toMatchObject({ code: 0, stderr: "" });
  expect(await localState()).toBe("active");
  expect((await unlock(key)).stderr).toContain("swarm is not locked");
  await until(
    "both nodes are ready",
    () => docker.nodes(),
    (nodes) => nodes.length === 2 && nodes.every(({ Status }) => Status === "Ready"),
    60_000,
  );
  await untilRunning(docker, "web", 4);
  expect(await containers()).toEqual(before);
  await docker("service", "scale", "--detach", "web=2");
  await untilRunning(docker, "web", 2);
});

test("a rotated key replaces the old one at once, also when the daemon is killed", async () => {
  const docker = cluster.docker();
  const printed = await docker("swarm", "unlock-key", "--rotate");
  await cluster.command("kill", "manager1", "--daemon");
  await restart();
  expect((await unlock(key)).stderr).toContain("invalid key provided");
  key = KEY.exec(printed)?.[0] ?? "";
  expect((await unlock(key)).code).toBe(0);
  expect(await docker("swarm", "unlock-key", "-q")).toBe(key);
  expect(await cluster.command("logs", "manager1", "--daemon")).not.toMatch(KEY);
});

test("without autolock a restarted manager opens by itself, and no key is left", async () => {
  const docker = cluster.docker();
  await docker("swarm", "update", "--autolock=false");
  expect((await docker.attempt("swarm", "unlock-key")).stderr).toContain("no unlock key is set");
  await cluster.command("kill", "manager1", "--daemon");
  await restart();
  expect(await localState()).toBe("active");
  const files = await keyFiles();
  expect(files.manager).toContain('"wrapping":"none"');
  expect(files.node).toContain("BEGIN PRIVATE KEY");
});

test("a locked manager leaves by force, and takes its containers along", async () => {
  const docker = cluster.docker();
  expect(await docker("swarm", "update", "--autolock")).toMatch(KEY);
  await restart();
  expect(await localState()).toBe("locked");
  await docker("swarm", "leave", "--force");
  expect(await localState()).toBe("inactive");
  expect(await cluster.engine("manager1")("ps", "--all", "--quiet")).toBe("");
});
