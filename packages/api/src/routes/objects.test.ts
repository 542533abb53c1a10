import { expect, test } from "vitest";
import { engineOf, newHarness } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aSwarm } from "../testing/objects.ts";

const newCluster = () => {
  const cluster = newMemoryCluster(aSwarm);
  return { cluster, ...newHarness(cluster, engineOf("1.41")) };
};

test.each(["secret", "config"])("%ss: create 201, update checks, delete 204", async (word) => {
  const { ask } = newCluster();
  const body = '{"Name":"s","Labels":{"a":"b"},"Data":"eA=="}';
  expect(await ask("POST", `/v1.41/${word}s/create`, { body })).toMatchObject({
    status: 201,
    text: '{"ID":"id1"}\n',
  });
  expect(await ask("GET", `/v1.41/${word}s/s`)).toMatchObject({ status: 200 });
  expect(await ask("POST", `/v1.41/${word}s/s/update?version=x`, { body })).toMatchObject({
    status: 400,
    json: { message: `invalid ${word} version` },
  });
  expect(await ask("POST", `/v1.41/${word}s/s/update?version=10`, { body })).toMatchObject({
    status: 200,
    text: "",
  });
  expect(await ask("DELETE", `/v1.41/${word}s/s`)).toMatchObject({ status: 204, text: "" });
  expect(await ask("DELETE", `/v1.41/${word}s/s`)).toMatchObject({ status: 404 });
});

test.each([
  ["", "got EOF while reading request body"],
  ['{"Name":"s","Data":"e!=="}', "illegal base64 data at input byte 1"],
])("a secret's body %j is refused", async (body, text) => {
  const { ask } = newCluster();
  expect(await ask("POST", "/v1.41/secrets/create", { body })).toMatchObject({
    status: 400,
    json: { message: text },
  });
});

test("templating is refused before 1.37", async () => {
  const { ask } = newCluster();
  const body = '{"Name":"s","Data":"eA==","Templating":{"Name":"golang"}}';
  expect(await ask("POST", "/v1.36/secrets/create", { body })).toMatchObject({
    status: 400,
    json: {
      message: "secret templating is not supported on the specified API version: 1.36",
    },
  });
  expect(await ask("POST", "/v1.37/secrets/create", { body })).toMatchObject({ status: 201 });
});

test("swarm: init answers the node id, leave takes force, unlock says why not", async () => {
  const { ask, cluster } = newCluster();
  const init = '{"ListenAddr":"0.0.0.0:2377","DataPathPort":7777}';
  expect(await ask("POST", "/v1.41/swarm/init", { body: init })).toMatchObject({
    status: 200,
    text: '"node1"\n',
  });
  await ask("POST", "/v1.39/swarm/init", { body: init });
  expect(cluster.calls).toMatchObject([
    { input: { request: { DataPathPort: 7777 } } },
    { input: { request: { DataPathPort: 0 } } },
  ]);
  expect(await ask("POST", "/v1.41/swarm/leave?force=1")).toMatchObject({ status: 200, text: "" });
  expect(cluster.calls.at(-1)?.input).toEqual({ force: true });
  expect(await ask("POST", "/v1.41/swarm/unlock", { body: '{"UnlockKey":"k"}' })).toMatchObject({
    status: 409,
    json: { message: "swarm is not locked" },
  });
  expect(await ask("GET", "/v1.41/swarm/unlockkey")).toMatchObject({ text: '{"UnlockKey":""}\n' });
  expect(await ask("GET", "/v1.41/swarm")).toMatchObject({
    status: 200,
    json: { ID: "cluster1", JoinTokens: { Worker: "SWMTKN-1-a-w" } },
  });
});

test("swarm update: version, then flags, as the reference words them", async () => {
  const { ask, cluster } = newCluster();
  const body = '{"Name":"default"}';
  const refused = async (query: string): Promise<unknown> =>
    (await ask("POST", `/v1.41/swarm/update${query}`, { body })).json;
  expect(await refused("?version=abc")).toEqual({
    message: `invalid swarm version 'abc': strconv.ParseUint: parsing "abc": invalid syntax`,
  });
  expect(await refused("?version=10&rotateWorkerToken=perhaps")).toEqual({
    message: "invalid value for rotateWorkerToken: perhaps",
  });
  const url = "/v1.41/swarm/update?version=10&rotateManagerToken=true";
  expect(await ask("POST", url, { body })).toMatchObject({ status: 200, text: "" });
  expect(cluster.calls.at(-1)?.input).toMatchObject({
    version: 10,
    flags: {
      rotateWorkerToken: false,
      rotateManagerToken: true,
      rotateManagerUnlockKey: false,
    },
  });
});
