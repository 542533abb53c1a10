/**
 * A cluster of an earlier build goes on under the present one: first the manager on its old data
 * directory, with the worker as it was, then the worker. Skipped in a clone that lacks the commit.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { untilAnswer } from "./support/http.ts";
import { playground, playgroundName } from "./support/playground.ts";
import { output, run } from "./support/run.ts";
import { createService, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

/** Skein before there were several managers: protocol 1. */
const PREVIOUS = "57a4830";

const hosts = playground(playgroundName("upgrade"), ["--workers", "1"]);
const built = await run("tools/previous-build.sh", [PREVIOUS]);
const isMissing = built.code === 3;

/** The playground's command of the earlier build: what it starts is of that build, too. */
const before = (verb: string, ...args: readonly string[]): Promise<string> =>
  output("node", [built.stdout.trim(), "playground", verb, "--name", hosts.name, ...args]);

beforeAll(async () => {
  await hosts.down();
  if (!isMissing) await hosts.up(before);
});
afterAll(() => hosts.down());

const ids = async (service: string): Promise<readonly string[]> =>
  (await hosts.docker().running(service)).map(({ ID }) => ID).toSorted();

const untilReady = (): Promise<unknown> =>
  until(
    "both nodes are ready",
    () => hosts.docker().nodes(),
    (nodes) => nodes.filter(({ Status }) => Status === "Ready").length === 2,
  );

/** A new service reaches both nodes, and is answered for on each. */
const expectWorking = async (name: string, port: number): Promise<void> => {
  const flags = ["--mode", "global", "--network", "back", "--publish", `${port}:8080`];
  await createService(hosts.docker(), name, flags);
  await untilRunning(hosts.docker(), name, 2);
  for (const { address } of await hosts.hosts()) await untilAnswer(address, port);
  await hosts.docker()("service", "rm", name);
};

test.skipIf(isMissing)(
  "the earlier build makes a cluster with a service on each node",
  async () => {
    const docker = hosts.docker();
    await docker("network", "create", "--driver", "overlay", "back");
    await docker("config", "create", "kept", "e2e/support/stack.yml");
    await createService(docker, "web", ["--mode", "global", "--network", "back"]);
    await untilRunning(docker, "web", 2);
  },
);

test.skipIf(isMissing)(
  "the manager goes on with its old state, and serves the old worker",
  async () => {
    const tasks = await ids("web");
    await hosts.command("restart", "manager1", "--daemon");
    await untilReady();
    expect(await ids("web")).toEqual(tasks);
    expect(await hosts.docker()("config", "ls", "--format", "{{.Name}}")).toBe("kept");
    expect(await hosts.docker()("swarm", "ca")).toContain("BEGIN CERTIFICATE");
    await expectWorking("mixed", 8081);
    await hosts.docker()("service", "update", "--detach", "--force", "web");
    await until(
      "every task was replaced",
      () => ids("web"),
      (now) => now.length === 2 && !now.some((id) => tasks.includes(id)),
    );
  },
);

test.skipIf(isMissing)("the worker follows, and its containers go on", async () => {
  const tasks = await ids("web");
  await hosts.command("restart", "worker1", "--daemon");
  await untilReady();
  await expectWorking("present", 8082);
  expect(await ids("web")).toEqual(tasks);
});
