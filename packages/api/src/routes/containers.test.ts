// Goal: the engine sees its own networks, clients the cluster's; what does not concern the cluster passes.
// Method: the real routes before an engine with fixed answers and a cluster in memory.
import { OperationError } from "@skein/base";
import type { Network } from "@skein/wire";
import { expect, test } from "vitest";
import type { FakeAnswer } from "../testing/harness.ts";
import { fakeEngine, newHarness } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aSwarm } from "../testing/objects.ts";

const ID = "n".repeat(25);
const HIDDEN = `skein-1-${ID}`;
const CONTAINER = "c0ffee".repeat(8);

const seen = {
  Id: CONTAINER,
  Name: "/c1",
  State: { Status: "exited" },
  HostConfig: { NetworkMode: HIDDEN, Memory: 5 },
  NetworkSettings: {
    Networks: {
      [HIDDEN]: {
        Aliases: [CONTAINER.slice(0, 12)],
        DriverOpts: { "io.skein.aliases": "db", mine: "1" },
        IPAddress: "10.0.5.7",
        NetworkID: "engine's",
      },
    },
  },
};

const rig = (answers: Readonly<Record<string, FakeAnswer>> = {}) => {
  const cluster = newMemoryCluster(aSwarm);
  const { engine, calls } = fakeEngine({
    "GET /_ping": { headers: { "api-version": "1.41" } },
    "GET /v1.41/networks/own": { body: "{}" },
    "POST /v1.41/containers/create": { status: 201, body: `{"Id":"${CONTAINER}"}` },
    "GET /v1.41/containers/c1/json": { body: JSON.stringify(seen) },
    "POST /v1.41/containers/c1/start": { status: 204 },
    [`POST /v1.41/networks/${HIDDEN}/connect`]: { status: 200 },
    [`POST /v1.41/networks/${HIDDEN}/disconnect`]: {
      status: 500,
      body: `{"message":"container c1 is not connected to network ${HIDDEN}"}`,
    },
    ...answers,
  });
  cluster.networks.set("ov", { Name: "ov", Id: ID } as Network);
  const sent = (path: string): unknown => {
    const body = calls.find((call) => call.method === "POST" && call.path.startsWith(path))?.body;
    return body === undefined ? undefined : JSON.parse(body);
  };
  const asked = (name: string): readonly unknown[] =>
    cluster.calls.filter((call) => call.name === name).map(({ input }) => input);
  return { cluster, calls, sent, asked, ...newHarness(cluster, engine) };
};

const create = (body: object): { readonly body: string } => ({ body: JSON.stringify(body) });

test("a container is made on the engine's network below, with the cluster's address and name servers", async () => {
  const { ask, sent, asked } = rig();
  const answer = await ask(
    "POST",
    "/v1.41/containers/create?name=c1",
    create({
      Image: "app:1",
      Hostname: "shown",
      HostConfig: { NetworkMode: "ov" },
      NetworkingConfig: {
        EndpointsConfig: { ov: { IPAMConfig: { IPv4Address: "10.0.5.9" }, Aliases: ["db"] } },
      },
    }),
  );
  expect(answer).toMatchObject({ status: 201, json: { Id: CONTAINER } });
  expect(asked("attachments.hold")).toEqual([
    { name: "c1", places: [{ networkId: ID, addresses: ["10.0.5.9"], aliases: ["db", "shown"] }] },
  ]);
  expect(sent("/v1.41/containers/create")).toEqual({
    Image: "app:1",
    Hostname: "shown",
    MacAddress: "02:42:0a:00:05:07",
    HostConfig: { NetworkMode: HIDDEN, Dns: ["10.0.5.2", "192.0.2.53"] },
    NetworkingConfig: {
      EndpointsConfig: { [HIDDEN]: { IPAMConfig: { IPv4Address: "10.0.5.9" } } },
    },
  });
  expect(asked("attachments.settle")).toEqual([{ id: "made-up" }]);
});

test("name servers of the user's own come after the cluster's; his hardware address is refused", async () => {
  const { ask, sent, asked } = rig();
  const HostConfig = { NetworkMode: "ov", Dns: ["198.51.100.1"] };
  await ask("POST", "/v1.41/containers/create", create({ HostConfig }));
  expect(sent("/v1.41/containers/create")).toMatchObject({
    HostConfig: { Dns: ["10.0.5.2", "198.51.100.1"] },
  });
  const mac = { HostConfig, MacAddress: "02:00:00:00:00:01" };
  expect(await ask("POST", "/v1.41/containers/create", create(mac))).toMatchObject({ status: 400 });
  expect(asked("attachments.hold")).toHaveLength(1);
});

test.each(["own", "host", "none", "default", "container:x", "nosuch"])(
  "a container on network %s is the engine's alone",
  async (NetworkMode) => {
    const { ask, calls, asked } = rig();
    const body = `{"HostConfig":{"NetworkMode":"${NetworkMode}","Big":9223372036854775807}}`;
    await ask("POST", "/v1.41/containers/create", { body });
    expect(calls.find(({ method }) => method === "POST")?.body).toBe(body);
    expect(asked("attachments.hold")).toEqual([]);
  },
);

test("what may not be attached is made all the same, as with Docker, and refused when it is to start", async () => {
  const plain = {
    ...seen,
    State: { Status: "created" },
    NetworkSettings: { Networks: { ov: { NetworkID: "" } } },
  };
  const { ask, cluster, calls } = rig({
    "GET /v1.41/containers/c1/json": { body: JSON.stringify(plain) },
  });
  cluster.refusal = new OperationError("forbidden", "Could not attach to network ov: no");
  const body = create({ HostConfig: { NetworkMode: "ov" } });
  expect(await ask("POST", "/v1.41/containers/create", body)).toMatchObject({ status: 201 });
  expect(await ask("POST", "/v1.41/containers/c1/start")).toMatchObject({
    status: 403,
    json: { message: "Could not attach to network ov: no" },
  });
  expect(calls.some(({ path }) => path.endsWith("/start"))).toBe(false);
  expect(calls.some(({ method }) => method === "DELETE")).toBe(false);
  const removing = { ...plain, HostConfig: { ...plain.HostConfig, AutoRemove: true } };
  const other = rig({ "GET /v1.41/containers/c1/json": { body: JSON.stringify(removing) } });
  other.cluster.refusal = cluster.refusal;
  expect(await other.ask("POST", "/v1.41/containers/c1/start")).toMatchObject({ status: 403 });
  expect(other.calls.some(({ method }) => method === "DELETE")).toBe(true);
  cluster.refusal = new OperationError("failed-precondition", "no address is left");
  expect(await ask("POST", "/v1.41/containers/create", body)).toMatchObject({ status: 400 });
});

test("a container gets its addresses again before it starts", async () => {
  const { ask, asked, calls } = rig();
  expect(await ask("POST", "/v1.41/containers/c1/start")).toMatchObject({ status: 204 });
  expect(asked("attachments.restore")).toEqual([{ id: CONTAINER }]);
  expect(asked("attachments.settle")).toEqual([{ id: CONTAINER }]);
  expect(calls.at(-1)).toMatchObject({ path: "/v1.41/containers/c1/start", body: "" });
});

test("connect and disconnect speak of the cluster's network, and so do the engine's errors", async () => {
  const { ask, sent, asked, cluster } = rig();
  const EndpointConfig = { Aliases: ["db"] };
  const body = create({ Container: "c1", EndpointConfig });
  expect(await ask("POST", "/v1.41/networks/ov/connect", body)).toMatchObject({ status: 200 });
  expect(asked("attachments.hold")).toEqual([
    {
      id: CONTAINER,
      name: "c1",
      places: [{ networkId: ID, addresses: [], aliases: ["db"] }],
    },
  ]);
  expect(sent(`/v1.41/networks/${HIDDEN}/connect`)).toEqual({
    Container: CONTAINER,
    EndpointConfig: { IPAMConfig: { IPv4Address: "10.0.5.7" } },
  });
  cluster.local.set(HIDDEN, { id: ID, name: "ov" });
  expect(await ask("POST", "/v1.41/networks/ov/disconnect", body)).toMatchObject({
    status: 500,
    json: { message: "container c1 is not connected to network ov" },
  });
});

test("clients see the cluster's networks", async () => {
  const { ask, cluster } = rig({
    "GET /v1.41/containers/json": { body: JSON.stringify([seen]) },
  });
  cluster.local.set(HIDDEN, { id: ID, name: "ov" });
  const shown = {
    HostConfig: { NetworkMode: "ov", Memory: 5 },
    NetworkSettings: {
      Networks: {
        ov: {
          Aliases: ["db", CONTAINER.slice(0, 12)],
          DriverOpts: { mine: "1" },
          IPAddress: "10.0.5.7",
          NetworkID: ID,
        },
      },
    },
  };
  expect((await ask("GET", "/v1.41/containers/c1/json")).json).toEqual({ ...seen, ...shown });
  expect((await ask("GET", "/v1.41/containers/json?all=1")).json).toEqual([{ ...seen, ...shown }]);
});

test("lists are filtered by the cluster's networks, and by being of a task", async () => {
  const task = { Id: "t", Labels: { "com.docker.swarm.task": "" } };
  const { ask, cluster, calls } = rig({
    "GET /v1.41/containers/json": { body: JSON.stringify([{ Id: "p", Labels: {} }, task]) },
  });
  cluster.local.set(HIDDEN, { id: ID, name: "ov" });
  const filtered = (filters: object): string =>
    `/v1.41/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify(filters))}`;
  await ask("GET", filtered({ network: ["ov", "own"] }));
  expect(decodeURIComponent(calls.at(-1)?.path ?? "")).toContain(`{"network":["${HIDDEN}","own"]}`);
  const ids = async (word: string): Promise<unknown> =>
    ((await ask("GET", filtered({ "is-task": [word] }))).json as { Id: string }[]).map(
      ({ Id }) => Id,
    );
  expect([await ids("true"), await ids("false")]).toEqual([["t"], ["p"]]);
});
