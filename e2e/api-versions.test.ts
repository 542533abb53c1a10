/** The engine's API and the cluster's as one, in every version that old clients speak. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import { output } from "./support/run.ts";
import { createService, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("versions", ["--workers", "1"]);

test("events of containers and of services come in one stream", async () => {
  const docker = cluster.docker();
  const { socket } = await cluster.host("manager1");
  const child = spawn("docker", ["events", "--format", "{{.Type}} {{.Action}}"], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = "";
  child.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  try {
    const flags = ["--constraint", "node.role==manager"];
    await until(
      "both kinds of events are seen",
      async () => {
        // The stream says nothing when it stands, so there is something to see until it does.
        await createService(docker, "seen", flags);
        await untilRunning(docker, "seen", 1);
        await docker("service", "rm", "seen");
        return seen;
      },
      (lines) =>
        ["service create", "service remove", "container start"].every((line) =>
          lines.split("\n").includes(line),
        ),
    );
  } finally {
    child.kill();
    await once(child, "close");
  }
});

test("info shows the engine and the cluster", async () => {
  const docker = cluster.docker();
  const format =
    "{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{.Swarm.Nodes}} {{.Driver}}";
  const [state, manager, nodes, driver] = (await docker("info", "--format", format)).split(" ");
  expect([state, manager, nodes]).toEqual(["active", "true", "2"]);
  expect(await cluster.engine("manager1")("info", "--format", "{{.Driver}}")).toBe(driver);
});

test.each(["1.38", "1.39", "1.40", "1.41"])("API %s is spoken", async (version) => {
  const { socket } = await cluster.host("manager1");
  const env = { DOCKER_HOST: `unix://${socket}`, DOCKER_API_VERSION: version };
  const docker = (...args: readonly string[]): Promise<string> => output("docker", args, env);
  expect(await docker("version", "--format", "{{.Client.APIVersion}}")).toBe(version);
  expect((await docker("node", "ls", "--quiet")).split("\n")).toHaveLength(2);
  await docker("service", "create", "--detach", "--no-resolve-image", "--name", "old", "demo:1");
  await untilRunning(cluster.docker(), "old", 1);
  await docker("service", "scale", "--detach", "old=2");
  await untilRunning(cluster.docker(), "old", 2);
  await docker("service", "rm", "old");
});

test("a version that is too old is refused with the engine's words", async () => {
  const { socket } = await cluster.host("manager1");
  const asked = request({ socketPath: socket, path: "/v1.5/nodes" }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  expect(answer.statusCode).toBe(400);
  expect(await text(answer)).toMatch(/client version 1\.5 is too old/);
});
