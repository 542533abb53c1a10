/** `docker swarm ca`, with the stock docker command: the root changes under a cluster at work. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import { output } from "./support/run.ts";
import { containersOf, createService, untilRunning, updateService } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("ca", ["--workers", "2"]);
const hosts = ["manager1", "worker1", "worker2"] as const;
const docker = (...args: readonly string[]): Promise<string> => cluster.docker()(...args);

const workerToken = (): Promise<string> => docker("swarm", "join-token", "-q", "worker");
const isRotating = async (): Promise<boolean> =>
  (await docker("info", "--format", "{{.Swarm.Cluster.RootRotationInProgress}}")) === "true";
const trustOf = (): Promise<string> =>
  docker("node", "ls", "--format", "{{.TLSStatus}}").then((text) => text.split("\n").join());
const untilTrusted = (): Promise<string> =>
  until("each node has a certificate of the root", trustOf, (all) => all === "Ready,Ready,Ready");

/** Every container of the service that is left alone: its id, and when it was started. */
const untouched = async (): Promise<readonly string[]> => {
  const found = await Promise.all(
    hosts.map(async (host) => {
      const engine = cluster.engine(host);
      const names = await containersOf(engine, ["still"]);
      return Promise.all(
        names.map((name) => engine("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name)),
      );
    }),
  );
  return found.flat().toSorted();
};

test("the root is rotated under updates while a worker is away; containers are not touched", async () => {
  const flags = ["--replicas", "6", "--restart-delay", "0s"];
  await createService(cluster.docker(), "still", flags);
  await createService(cluster.docker(), "busy", [...flags, "--update-delay", "1s"]);
  await untilRunning(cluster.docker(), "still", 6);
  await untilRunning(cluster.docker(), "busy", 6);
  const [root, token, before] = await Promise.all([
    docker("swarm", "ca"),
    workerToken(),
    untouched(),
  ]);
  expect(before).toHaveLength(6);
  await updateService(cluster.docker(), "busy", ["--env-add", "ROUND=1"]);
  await cluster.command("kill", "worker2", "--daemon");
  await docker("swarm", "ca", "--rotate", "--detach");
  const { hostname } = await cluster.host("worker1");
  const issuer = "{{.Description.TLSInfo.CertIssuerPublicKey}}";
  const wanted = await docker("info", "--format", "{{.Swarm.Cluster.TLSInfo.CertIssuerPublicKey}}");
  await until(
    "the worker that is there has a certificate of the next root",
    () => docker("node", "inspect", "--format", issuer, hostname),
    (now) => now === wanted,
  );
  // The one that is away could not come back if they went on without it.
  expect(await isRotating()).toBe(true);
  expect(await docker("swarm", "ca")).toBe(root);
  expect(await workerToken()).toBe(token);
  await cluster.command("restart", "worker2", "--daemon");
  await untilTrusted();
  expect(await isRotating()).toBe(false);
  expect(await docker("swarm", "ca")).not.toBe(root);
  expect((await workerToken()).split("-")[2]).not.toBe(token.split("-")[2]);
  await untilRunning(cluster.docker(), "busy", 6, 60_000);
  expect(await untouched()).toEqual(before);
});

test("the command waits until all nodes have followed; restarted daemons come back under the new root", async () => {
  const before = await untouched();
  const root = await docker("swarm", "ca", "--rotate");
  expect(root).toContain("desired root digest: sha256:");
  expect(root).toContain(await docker("swarm", "ca"));
  expect(await trustOf()).toBe("Ready,Ready,Ready");
  for (const host of hosts) await cluster.command("restart", host, "--daemon");
  await until(
    "all nodes are ready",
    () => cluster.docker().nodes(),
    (nodes) => nodes.every(({ Status }) => Status === "Ready"),
  );
  await createService(cluster.docker(), "fresh", ["--mode", "global"]);
  await untilRunning(cluster.docker(), "fresh", 3);
  expect(await untouched()).toEqual(before);
});

/** Rotates to a root that OpenSSL made for so many days. */
const rotateToOwn = async (
  days: number,
): Promise<{ readonly code: number; readonly stderr: string }> => {
  const directory = mkdtempSync(join(tmpdir(), "skein-e2e-ca-"));
  const [cert, key] = [join(directory, "c.pem"), join(directory, "k.pem")];
  const kind = ["-newkey", "rsa:2048", "-subj", "/CN=own-ca", "-days", String(days)];
  const files = ["-nodes", "-keyout", key, "-out", cert];
  await output("openssl", ["req", "-x509", ...kind, ...files]);
  try {
    const given = ["--ca-cert", cert, "--ca-key", key];
    return await cluster.docker().attempt("swarm", "ca", "--rotate", "--quiet", ...given);
  } finally {
    rmSync(directory, { recursive: true });
  }
};

test("a root of one's own must live for a year, and may have an RSA key", async () => {
  expect((await rotateToOwn(365)).stderr).toContain("CA certificate expires too soon");
  expect((await rotateToOwn(3650)).code).toBe(0);
  expect(await trustOf()).toBe("Ready,Ready,Ready");
});

test("a removed node is refused; nobody joins with the token of a former root", async () => {
  const { hostname } = await cluster.host("worker2");
  const manager = await cluster.host("manager1");
  const old = await workerToken();
  await docker("node", "rm", "--force", hostname);
  const worker = cluster.docker("worker2");
  await until(
    "the removed node knows it",
    () => worker("info", "--format", "{{.Swarm.LocalNodeState}}"),
    (state) => state === "error",
  );
  await docker("swarm", "ca", "--rotate", "--quiet");
  await worker("swarm", "leave", "--force");
  const joinWith = (token: string) =>
    worker.attempt("swarm", "join", "--token", token, `${manager.address}:2377`);
  const refused = await joinWith(old);
  expect(refused.stderr).toContain("remote CA does not match fingerprint");
  expect(refused.code).toBe(1);
  expect((await joinWith(await workerToken())).code).toBe(0);
  await untilTrusted();
});
