/**
 * When managers are lost for good: one goes on alone and the others come back as workers; a new one is
 * added; and the whole cluster comes back from a backup, on another host.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playgroundName, SKEIN, withPlayground } from "./support/playground.ts";
import type { Outcome } from "./support/run.ts";
import { output, run } from "./support/run.ts";
import { createService, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("rec", ["--managers", "3", "--workers", "1"]);
const backupFile = join(tmpdir(), `${playgroundName("rec")}-backup.skein`);
const PASSPHRASE = "correct horse battery staple";

const containersOn = async (host: string): Promise<string> =>
  cluster.engine(host)(
    "ps",
    "--no-trunc",
    "--format",
    "{{.ID}} {{.Names}}",
    "--filter",
    "name=web",
  );

const managerStatus = async (host: string): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await cluster.docker(host).nodes()).map(({ Hostname, ManagerStatus }) => [
      Hostname.split("-").at(-1),
      ManagerStatus,
    ]),
  );

const statusIs =
  (wanted: Readonly<Record<string, string>>) => (seen: Readonly<Record<string, string>>) =>
    Object.entries(wanted).every(([host, status]) => seen[host] === status);

/** The skein command on a host; `secret` is what it reads from stdin. */
const skein = async (host: string, words: readonly string[], secret = ""): Promise<Outcome> => {
  const { socket } = await cluster.host(host);
  const script = 'secret=$0; printf "%s\\n" "$secret" | exec "$@"';
  return run("sh", ["-c", script, secret, SKEIN, ...words], { SKEIN_HOST: `unix://${socket}` });
};

const clusterOf = (host: string): Promise<string> =>
  cluster.docker(host)("info", "--format", "{{.Swarm.Cluster.ID}}");

let clusterId = "";
let containers = "";

test("two of three managers die: nothing changes any more, and what runs goes on", async () => {
  const docker = cluster.docker("manager3");
  await createService(docker, "web", [
    "--replicas",
    "2",
    "--constraint",
    "node.hostname==" + (await cluster.host("worker1")).hostname,
  ]);
  await untilRunning(docker, "web", 2);
  await docker("secret", "create", "key", "/etc/hostname");
  clusterId = await clusterOf("manager3");
  containers = await containersOn("worker1");
  await cluster.command("kill", "manager1");
  await cluster.command("kill", "manager2");
  const refused = await docker.attempt("service", "scale", "--detach", "web=3");
  expect(refused.stderr).toContain("does not have a leader");
});

test("--force-new-cluster: the third goes on alone, with all that there was", async () => {
  const docker = cluster.docker("manager3");
  await docker("swarm", "init", "--force-new-cluster");
  expect(await clusterOf("manager3")).toBe(clusterId);
  expect(await managerStatus("manager3")).toMatchObject({ manager3: "Leader", manager1: "" });
  expect(await docker("secret", "ls", "--format", "{{.Name}}")).toContain("key");
  await untilRunning(docker, "web", 2);
  expect(await containersOn("worker1")).toBe(containers);
  await docker("service", "scale", "--detach", "web=3");
  await untilRunning(docker, "web", 3);
});

test("a former manager that comes back is a worker, and can be a manager again", async () => {
  const docker = cluster.docker("manager3");
  await cluster.command("restart", "manager1");
  const { hostname } = await cluster.host("manager1");
  await until(
    "manager1 as a worker",
    async () =>
      cluster.docker("manager1")(
        "info",
        "--format",
        "{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}",
      ),
    (text) => text.trim() === "active false",
  );
  await docker("node", "promote", hostname);
  const wanted = { manager1: "Reachable", manager3: "Leader" };
  await until("two managers", () => managerStatus("manager3"), statusIs(wanted));
  await until(
    "a quorum of two",
    async () => (await skein("manager1", ["doctor", "managers"])).stdout,
    (report) =>
      report.includes("2 of 2 managers are there, 2 are needed: no other may fail") &&
      report.includes("2 managers bear no more failures than 1"),
  );
});

test("a backup is made on any manager, and opened by its passphrase only", async () => {
  const made = await skein("manager1", ["backup", "--to", "-", "--passphrase"], PASSPHRASE);
  expect(made.stderr).toBe("");
  expect(made.stdout).not.toContain("PRIVATE KEY");
  writeFileSync(backupFile, made.stdout, { mode: 0o600 });
  const refused = await skein("manager3", ["restore", backupFile], PASSPHRASE);
  expect(refused.stderr).toContain("already part of a swarm");
});

test("everything is lost; on another host the backup brings it back", async () => {
  for (const host of ["manager1", "manager3", "worker1"])
    await cluster.docker(host)("swarm", "leave", "--force");
  await cluster.command("restart", "manager2");
  const docker = cluster.docker("manager2");
  await docker("swarm", "leave", "--force");
  const { address, hostname } = await cluster.host("manager2");
  const restore = (file: string, secret: string): Promise<Outcome> =>
    skein("manager2", ["restore", file, "--advertise-addr", address], secret);
  expect((await restore(backupFile, "wrong")).stderr).toContain("can't be opened");
  const cut = `${backupFile}.cut`;
  writeFileSync(cut, readFileSync(backupFile, "utf8").slice(0, -100));
  expect((await restore(cut, PASSPHRASE)).stderr).toContain("can't be used");
  expect(await docker("info", "--format", "{{.Swarm.LocalNodeState}}")).toContain("inactive");
  const restored = await restore(backupFile, PASSPHRASE);
  expect(restored.stdout).toContain("is now its only manager");
  expect(await clusterOf("manager2")).toBe(clusterId);
  expect(await docker("secret", "ls", "--format", "{{.Name}}")).toContain("key");
  await docker(
    "service",
    "update",
    "--detach",
    "--constraint-rm",
    `node.hostname==${(await cluster.host("worker1")).hostname}`,
    "--constraint-add",
    `node.hostname==${hostname}`,
    "web",
  );
  await untilRunning(docker, "web", 3, 60_000);
  await output("rm", ["-f", backupFile, cut]);
});
