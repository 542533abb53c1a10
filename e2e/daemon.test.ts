/** What the daemon says and does when its surroundings are not as they should be. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { daemon, SKEIN, withPlayground } from "./support/playground.ts";
import { untilAnswer } from "./support/http.ts";
import { until } from "./support/until.ts";

const host = withPlayground("daemon", ["--workers", "0"]);
const skein = daemon === "skein";

const info = (template: string): Promise<string> => host.docker()("info", "--format", template);

test.runIf(skein)("a second daemon for the same host is refused", async () => {
  const { socket, engineSocket, dataDir } = await host.host("manager1");
  const { code, stderr } = await host.attempt(
    "exec",
    "manager1",
    "--",
    "timeout",
    "20",
    SKEIN,
    "daemon",
    `--host=unix://${socket}.second`,
    `--engine=unix://${engineSocket}`,
    `--data-dir=${dataDir}/skein`,
    `--run-dir=${dataDir}/run`,
    `--pidfile=${dataDir}/skein.pid`,
  );
  expect(stderr).toContain("a daemon is already running");
  expect(code).toBe(1);
  expect(await info("{{.Swarm.LocalNodeState}}")).toBe("active");
});

test.runIf(skein)(
  "without its engine it still serves the cluster, and says what is missing",
  async () => {
    const docker = host.docker();
    await host.command("kill", "manager1", "--engine");
    const refused = await docker.attempt("ps");
    expect(refused.stderr).toContain("docker.sock");
    expect(refused.code).toBe(1);
    expect(await docker.nodes()).toHaveLength(1);
    await host.command("restart", "manager1", "--engine");
    await until(
      "its node is ready again",
      () => docker.nodes(),
      ([node]) => node?.Status === "Ready",
    );
    expect(await docker("ps", "--quiet")).toBe("");
  },
);

test("a cluster port that is taken is said, and leaves no half made cluster", async () => {
  const docker = host.docker();
  const { address } = await host.host("manager1");
  await docker("swarm", "leave", "--force");
  await host.engine("manager1")(
    "run",
    "--detach",
    "--name",
    "taker",
    "--network",
    "host",
    "demo:1",
  );
  await untilAnswer(address, 8080);
  const taken = ["--advertise-addr", address, "--listen-addr", "0.0.0.0:8080"];
  const { code, stderr } = await docker.attempt("swarm", "init", ...taken);
  expect(stderr).toMatch(/port 8080\/tcp, for calls between nodes, is in use by program/);
  expect(code).toBe(1);
  expect(await info("{{.Swarm.LocalNodeState}}")).toBe("inactive");
  await host.engine("manager1")("rm", "--force", "taker");
  await docker("swarm", "init", ...taken);
  expect(await docker.nodes()).toHaveLength(1);
});

test.runIf(skein)("a corrupt state file is named, and the node can start anew", async () => {
  const docker = host.docker();
  const { address, dataDir } = await host.host("manager1");
  await host.command("kill", "manager1", "--daemon");
  const files = readdirSync(join(dataDir, "skein"), { recursive: true, encoding: "utf8" });
  const state = files.filter((file) => file.endsWith("data.mdb"));
  expect(state).not.toEqual([]);
  for (const file of state) writeFileSync(join(dataDir, "skein", file), "garbage\n");
  await host.command("start", "manager1");
  expect(await info("{{.Swarm.LocalNodeState}}")).toBe("error");
  const { stdout, stderr } = await docker.attempt("info", "--format", "{{.Swarm.Error}}");
  expect(stdout + stderr).toMatch(/data\.mdb.* is corrupt/);
  expect((await docker.attempt("node", "ls")).code).toBe(1);
  await docker("swarm", "leave", "--force");
  await docker("swarm", "init", "--advertise-addr", address);
  await until(
    "the new cluster's node is ready",
    () => docker.nodes(),
    (nodes) => nodes.length === 1 && nodes[0]?.Status === "Ready",
  );
});
