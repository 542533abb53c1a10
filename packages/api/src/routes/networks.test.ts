import type { Network } from "@skein/wire";
import { expect, test } from "vitest";
import { fakeEngine, newHarness } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aSwarm } from "../testing/objects.ts";

const overlay: Network = {
  Name: "app",
  Id: "net1",
  Created: "2024-05-01T10:00:00Z",
  Scope: "swarm",
  Driver: "overlay",
  EnableIPv4: true,
  EnableIPv6: false,
  IPAM: { Driver: "default", Options: null, Config: [] },
  Internal: false,
  Attachable: false,
  Ingress: false,
  ConfigFrom: { Network: "" },
  ConfigOnly: false,
  Containers: null,
  Options: null,
  Labels: null,
};

/** As clients before API 1.48 see it. */
const { EnableIPv4: _, ...before148 } = overlay;

const newNetworks = () => {
  const cluster = newMemoryCluster(aSwarm);
  const { engine, calls } = fakeEngine({
    "GET /_ping": { headers: { "api-version": "1.41" } },
    "GET /v1.41/networks": { body: '[{"Name":"bridge","Id":"b1"},{"Name":"app","Id":"net1"}]' },
    "GET /v1.41/networks/bridge": { body: '{"Name":"bridge"}' },
    "POST /v1.41/networks/prune": { body: '{"NetworksDeleted":null}' },
    "POST /v1.41/networks/create": { status: 201, body: '{"Id":"b2"}' },
    "DELETE /v1.41/networks/bridge": { status: 403, body: '{"message":"pre-defined"}' },
  });
  return { cluster, calls, ...newHarness(cluster, engine) };
};

test("the cluster's networks come first, each once", async () => {
  const { ask, cluster } = newNetworks();
  cluster.networks.set("app", overlay);
  const { json } = await ask("GET", "/v1.41/networks");
  expect((json as Network[]).map(({ Id }) => Id)).toEqual(["net1", "b1"]);
});

test("a network is looked for in the engine first, then in the cluster, unless scope says where", async () => {
  const { ask, cluster } = newNetworks();
  cluster.networks.set("app", overlay);
  expect((await ask("GET", "/v1.41/networks/bridge")).json).toEqual({ Name: "bridge" });
  expect((await ask("GET", "/v1.41/networks/app")).json).toEqual(before148);
  expect((await ask("GET", "/v1.41/networks/app?scope=swarm")).json).toEqual(before148);
  expect(await ask("GET", "/v1.41/networks/app?scope=local")).toMatchObject({ status: 404 });
  expect(await ask("GET", "/v1.41/networks/nosuch")).toMatchObject({ status: 404 });
});

test("an overlay is the cluster's to make, anything else the engine's", async () => {
  const { ask, calls } = newNetworks();
  for (const body of [
    '{"Name":"x","Driver":"overlay"}',
    '{"Name":"x","Scope":"swarm"}',
    '{"Name":"x","Ingress":true}',
  ])
    expect(await ask("POST", "/v1.41/networks/create", { body })).toMatchObject({ status: 501 });
  expect(calls.filter(({ method }) => method === "POST")).toEqual([]);
  const body = '{"Name":"x","Driver":"bridge"}';
  expect(await ask("POST", "/v1.41/networks/create", { body })).toMatchObject({
    status: 201,
    json: { Id: "b2" },
  });
  expect(calls.at(-1)?.body).toBe(body);
});

test("removal asks the engine first and the cluster when the engine knows nothing", async () => {
  const { ask, cluster } = newNetworks();
  cluster.networks.set("app", overlay);
  expect(await ask("DELETE", "/v1.41/networks/bridge")).toMatchObject({ status: 403 });
  expect(await ask("DELETE", "/v1.41/networks/app")).toMatchObject({ status: 204, text: "" });
  expect(cluster.networks.size).toBe(0);
  expect(await ask("DELETE", "/v1.41/networks/app")).toMatchObject({
    status: 404,
    json: { message: "not here" },
  });
});

test("a local network may not have the name of a cluster's", async () => {
  const { ask, cluster, calls } = newNetworks();
  cluster.networks.set("app", overlay);
  const body = '{"Name":"app","Driver":"bridge"}';
  expect(await ask("POST", "/v1.41/networks/create", { body })).toMatchObject({
    status: 409,
    json: { message: "network with name app already exists" },
  });
  const configuration = '{"Name":"conf","Driver":"overlay","ConfigOnly":true}';
  expect(await ask("POST", "/v1.41/networks/create", { body: configuration })).toMatchObject({
    status: 201,
  });
  expect(calls.at(-1)?.body).toBe(configuration);
});

test("a prune spares what lies under the cluster's networks", async () => {
  const { ask, calls } = newNetworks();
  const filters = encodeURIComponent('{"until":["1h"],"label!":{"keep":true}}');
  await ask("POST", `/v1.41/networks/prune?filters=${filters}`);
  const query = calls.at(-1)?.path.split("filters=")[1] ?? "";
  expect(JSON.parse(decodeURIComponent(query))).toEqual({
    until: ["1h"],
    "label!": ["keep", "io.skein.network"],
  });
});
