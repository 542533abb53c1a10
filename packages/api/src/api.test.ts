import { expect, test } from "vitest";
import { engineOf, fakeEngine, newHarness } from "./testing/harness.ts";
import { newMemoryCluster } from "./testing/memory-backend.ts";
import { aSwarm } from "./testing/objects.ts";

const message = (text: string): unknown => ({ message: text });

test("versions above what the engine offers are refused, those below 1.24 in plain text", async () => {
  const { ask } = newHarness(newMemoryCluster(aSwarm), engineOf("1.41"));
  expect(await ask("GET", "/v1.99/services")).toMatchObject({
    status: 400,
    json: message("client version 1.99 is too new. Maximum supported API version is 1.41"),
  });
  expect(await ask("GET", "/v1.42/services")).toMatchObject({ status: 400 });
  const old = await ask("GET", "/v1.11/services");
  expect(old.status).toBe(400);
  expect(old.headers["content-type"]).toBe("text/plain; charset=utf-8");
  expect(old.text).toBe(
    "client version 1.11 is too old. Minimum supported API version is 1.24, " +
      "please upgrade your client to a newer version\n",
  );
  for (const version of ["1.24", "1.38", "1.41"])
    expect(await ask("GET", `/v${version}/services`)).toMatchObject({ status: 200, json: [] });
  expect(await ask("GET", "/services")).toMatchObject({ status: 200, json: [] });
});

test("a newer engine does not raise what is offered above 1.48", async () => {
  const { ask } = newHarness(newMemoryCluster(aSwarm), engineOf("1.51"));
  expect(await ask("GET", "/v1.48/services")).toMatchObject({ status: 200 });
  expect(await ask("GET", "/v1.49/services")).toMatchObject({
    status: 400,
    json: message("client version 1.49 is too new. Maximum supported API version is 1.48"),
  });
});

test.each([
  ["PUT", "/v1.41/services"],
  ["DELETE", "/v1.41/services"],
  ["POST", "/v1.41/nodes"],
  ["GET", "/v1.41/services/a/b"],
  ["GET", "/v1.41.2/services"],
])("%s %s is unknown", async (method, url) => {
  const { ask, owns } = newHarness(newMemoryCluster(aSwarm));
  expect(owns(method, url)).toBe(true);
  expect(await ask(method, url)).toMatchObject({ status: 404, json: message("page not found") });
});

test.each([
  ["GET", "/v1.41/containers/json", true],
  ["GET", "/v1.41/containers/abc/logs", false],
  ["POST", "/v1.41/containers/create?name=x", true],
  ["GET", "/v4.3.1/libpod/info", false],
  ["GET", "/libpod/networks", false],
  ["POST", "/networks/prune", true],
  ["POST", "/networks/abc/connect", true],
  ["GET", "/", false],
  ["GET", "/swarmx", false],
  ["GET", "/_ping", true],
  ["HEAD", "/v1.41/_ping", true],
  ["GET", "/info?x=1", true],
  ["GET", "/networks?filters={}", true],
  ["DELETE", "/v1.41/networks/abc", true],
  ["GET", "/services", true],
  ["GET", "/tasks/x/logs", true],
])("who answers %s %s", (method, url, ours) => {
  expect(newHarness(newMemoryCluster()).owns(method, url)).toBe(ours);
});

test("outside a swarm: body and version first, then the refusal, then names", async () => {
  const { ask } = newHarness(newMemoryCluster());
  const refusal =
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to ' +
    "connect this node to swarm and try again.";
  for (const [method, url] of [
    ["GET", "/v1.41/swarm"],
    ["GET", "/v1.41/services/nosuch"],
    ["GET", "/v1.41/tasks"],
    ["DELETE", "/v1.41/nodes/x"],
    ["GET", "/v1.41/services/x/logs?stdout=1"],
  ] as const)
    expect(await ask(method, url)).toMatchObject({ status: 503, json: message(refusal) });
  expect(await ask("POST", "/v1.41/services/create", { body: "{bad" })).toMatchObject({
    status: 400,
    json: message("invalid character 'b' looking for beginning of object key string"),
  });
  expect(await ask("POST", "/v1.41/nodes/x/update", { body: "{}" })).toMatchObject({
    status: 400,
    json: message(`invalid node version '': strconv.ParseUint: parsing "": invalid syntax`),
  });
});

test("the engine being away does not stop the cluster's routes", async () => {
  const { ask } = newHarness(newMemoryCluster(aSwarm), fakeEngine({}).engine);
  expect(await ask("GET", "/v1.41/services")).toMatchObject({ status: 200, json: [] });
});
