import { expect, test } from "vitest";
import { engineOf, newHarness } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aService, aSwarm } from "../testing/objects.ts";

const newCluster = (version = "1.41") => {
  const cluster = newMemoryCluster(aSwarm);
  return { cluster, ...newHarness(cluster, engineOf(version)) };
};
const json = { "content-type": "application/json" };
const body = '{"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"bb:1"}}}';

test("create passes the spec and the credentials on, and answers 201 with the id", async () => {
  const { ask, cluster } = newCluster();
  const answer = await ask("POST", "/v1.41/services/create", {
    body,
    headers: { "x-registry-auth": "e30=" },
  });
  expect(answer).toMatchObject({ status: 201, text: '{"ID":"id1"}\n' });
  expect(cluster.calls).toMatchObject([
    {
      name: "service.create",
      input: {
        registryAuth: "e30=",
        spec: { Name: "web", Labels: {}, TaskTemplate: { ContainerSpec: { Image: "bb:1" } } },
      },
    },
  ]);
});

test("from 1.42 on a create answer has Warnings, and a body must say that it is JSON", async () => {
  const { ask } = newCluster("1.48");
  expect(await ask("POST", "/v1.48/services/create", { body, headers: json })).toMatchObject({
    status: 201,
    text: '{"ID":"id1","Warnings":null}\n',
  });
  expect(await ask("POST", "/v1.48/services/create", { body })).toMatchObject({ status: 400 });
  expect(
    await ask("POST", "/v1.48/services/create", { body: "{bad", headers: json }),
  ).toMatchObject({
    status: 400,
    json: {
      message: "invalid JSON: invalid character 'b' looking for beginning of object key string",
    },
  });
});

test("what a client's version did not have is dropped: a job becomes a service", async () => {
  const { ask, cluster } = newCluster();
  const spec =
    '{"Name":"old","TaskTemplate":{"ContainerSpec":{"Image":"bb:1","CapabilityAdd":["NET_ADMIN"]},' +
    '"Resources":{"Limits":{"Pids":5}}},"Mode":{"ReplicatedJob":{}}}';
  await ask("POST", "/v1.40/services/create", { body: spec });
  const [call] = cluster.calls;
  expect(call?.input).toMatchObject({ spec: { Mode: {} } });
  expect(JSON.stringify(call)).not.toMatch(/CapabilityAdd|Pids|ReplicatedJob/);
});

test("status counts are asked for from 1.41 on only", async () => {
  const { ask, cluster } = newCluster();
  await ask("GET", "/v1.41/services?status=1");
  await ask("GET", "/v1.40/services?status=1");
  expect(cluster.calls.map(({ input }) => input)).toEqual([
    { filters: {}, status: true },
    { filters: {}, status: false },
  ]);
  expect(await ask("GET", "/v1.41/services?status=maybe")).toMatchObject({
    status: 400,
    json: {
      message:
        'invalid value for status: maybe: strconv.ParseBool: parsing "maybe": invalid syntax',
    },
  });
});

test.each([
  ["x", "invalid character 'x' looking for beginning of value"],
  ['{"name":"web"}', "json: cannot unmarshal string into Go value of type map[string]bool"],
  ["[]", "json: cannot unmarshal array into Go value of type map[string]map[string]bool"],
])("filters %s are refused", async (filters, text) => {
  const { ask } = newCluster();
  const url = (list: string): string => `/v1.41/${list}?filters=${encodeURIComponent(filters)}`;
  expect(await ask("GET", url("services"))).toMatchObject({ status: 400, json: { message: text } });
  for (const list of ["nodes", "tasks", "secrets", "configs"])
    expect(await ask("GET", url(list))).toMatchObject({ status: 500, json: { message: text } });
  const modern = newCluster("1.48");
  expect(await modern.ask("GET", url("nodes").replace("1.41", "1.42"))).toMatchObject({
    status: 400,
  });
});

test("filters reach the backend as key to values, in either form", async () => {
  const { ask, cluster } = newCluster();
  const lists = encodeURIComponent('{"name":["a","b"],"label":[]}');
  const maps = encodeURIComponent('{"name":{"a":true}}');
  await ask("GET", `/v1.41/tasks?filters=${lists}`);
  await ask("GET", `/v1.41/nodes?filters=${maps}`);
  expect(cluster.calls).toEqual([
    { name: "task.list", input: { filters: { name: ["a", "b"] } } },
    { name: "node.list", input: { filters: { name: ["a"] } } },
  ]);
});

test("update passes query and version on; a stale version is 500 with the text clients know", async () => {
  const { ask, cluster } = newCluster();
  cluster.services.set("web", aService("web"));
  const url = "/v1.41/services/web/update?version=10&rollback=previous&registryAuthFrom=spec";
  expect(await ask("POST", url, { body })).toMatchObject({
    status: 200,
    text: '{"Warnings":null}\n',
  });
  expect(cluster.calls[0]?.input).toMatchObject({
    ref: "web",
    version: 10,
    rollback: "previous",
    registryAuthFrom: "spec",
    registryAuth: "",
  });
  expect(await ask("POST", "/v1.41/services/web/update?version=9", { body })).toMatchObject({
    status: 500,
    json: { message: "rpc error: code = Unknown desc = update out of sequence" },
  });
  expect(await ask("POST", "/v1.41/services/web/update", { body })).toMatchObject({
    status: 400,
    json: {
      message: `invalid service version '': strconv.ParseUint: parsing "": invalid syntax`,
    },
  });
});

test("remove answers 200 without a body, unknown names 404", async () => {
  const { ask, cluster } = newCluster();
  cluster.services.set("web", aService("web"));
  expect(await ask("DELETE", "/v1.41/services/web")).toMatchObject({ status: 200, text: "" });
  expect(await ask("DELETE", "/v1.41/services/web")).toMatchObject({
    status: 404,
    json: { message: "service web not found" },
  });
});

test("inspect takes insertDefaults", async () => {
  const { ask, cluster } = newCluster();
  cluster.services.set("web", aService("web"));
  expect(await ask("GET", "/v1.41/services/web?insertDefaults=true")).toMatchObject({
    status: 200,
    json: { ID: "id-of-web" },
  });
  expect(cluster.calls[0]?.input).toEqual({ ref: "web", insertDefaults: true });
  expect(await ask("GET", "/v1.41/services/web?insertDefaults=maybe")).toMatchObject({
    status: 400,
  });
});
