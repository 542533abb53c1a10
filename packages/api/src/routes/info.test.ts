import { expect, test } from "vitest";
import { fakeEngine, newHarness, standingClock } from "../testing/harness.ts";
import type { FakeAnswer } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aSwarm } from "../testing/objects.ts";

const ping = (version: string): FakeAnswer => ({
  headers: { "api-version": version, ostype: "linux", "docker-experimental": "true", "x-own": "1" },
  body: "OK",
});

const harness = (version: string, answers: Readonly<Record<string, FakeAnswer>> = {}) => {
  const cluster = newMemoryCluster(aSwarm);
  const { engine } = fakeEngine({ "GET /_ping": ping(version), ...answers });
  return { cluster, ...newHarness(cluster, engine) };
};

test("a ping has the engine's headers and our version; the Swarm header from 1.42 on", async () => {
  const old = await harness("1.41").ask("GET", "/_ping");
  expect(old).toMatchObject({ status: 200, text: "OK" });
  expect(old.headers).toEqual({
    "api-version": "1.41",
    "docker-experimental": "true",
    ostype: "linux",
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-cache, no-store, must-revalidate",
    pragma: "no-cache",
  });
  const modern = harness("1.51");
  expect((await modern.ask("HEAD", "/v1.44/_ping")).headers).toMatchObject({
    "api-version": "1.48",
    swarm: "active/manager",
  });
  modern.cluster.info = { ...modern.cluster.info, ControlAvailable: false };
  expect((await modern.ask("GET", "/_ping")).headers["swarm"]).toBe("active/worker");
  modern.cluster.info = { ...modern.cluster.info, LocalNodeState: "pending" };
  expect((await modern.ask("GET", "/_ping")).headers["swarm"]).toBe("pending");
});

test("a ping is answered without the engine, with the version it had", async () => {
  let up = true;
  const { engine } = fakeEngine({ "GET /_ping": ping("1.43") });
  const { ask } = newHarness(newMemoryCluster(), {
    request: async (input) => {
      if (!up) throw new Error("connect ECONNREFUSED");
      return await engine.request(input);
    },
  });
  await ask("GET", "/_ping");
  up = false;
  expect(await ask("GET", "/_ping")).toMatchObject({
    status: 200,
    text: "OK",
    headers: { "api-version": "1.43" },
  });
});

test("/version has our bounds and one more component", async () => {
  const engineVersion = {
    Version: "20.10.24",
    ApiVersion: "1.41",
    MinAPIVersion: "1.12",
    Components: [
      { Name: "Engine", Details: { ApiVersion: "1.41", MinAPIVersion: "1.12", Os: "linux" } },
      { Name: "containerd", Details: { GitCommit: "x" } },
    ],
  };
  const { ask } = harness("1.41", { "GET /version": { body: JSON.stringify(engineVersion) } });
  const bounds = { ApiVersion: "1.41", MinAPIVersion: "1.24" };
  expect((await ask("GET", "/version")).json).toEqual({
    Version: "20.10.24",
    ...bounds,
    Components: [
      { Name: "Engine", Details: { ...bounds, Os: "linux" } },
      { Name: "containerd", Details: { GitCommit: "x" } },
      { Name: "Skein", Version: "0.1.0", Details: bounds },
    ],
  });
});

test("/info has our Swarm section instead of the engine's", async () => {
  const body = JSON.stringify({ Name: "h1", Swarm: { LocalNodeState: "locked" }, Warnings: ["w"] });
  const old = harness("1.41", { "GET /v1.41/info": { body } });
  old.cluster.info = { ...old.cluster.info, Warnings: ["two managers"] };
  expect((await old.ask("GET", "/v1.41/info")).json).toEqual({
    Name: "h1",
    Swarm: old.cluster.info,
    Warnings: ["w"],
  });
  const modern = harness("1.48", { "GET /v1.48/info": { body } });
  modern.cluster.info = { ...modern.cluster.info, Warnings: ["two managers"] };
  expect((await modern.ask("GET", "/v1.48/info")).json).toMatchObject({
    Warnings: ["w", "two managers"],
  });
});

test("/info without the engine still tells the cluster's half, and says what is wrong", async () => {
  const cluster = newMemoryCluster(aSwarm);
  const { ask } = newHarness(cluster, {
    request: async () => {
      throw new Error("the container engine does not answer");
    },
  });
  expect(await ask("GET", "/v1.41/info")).toMatchObject({
    status: 200,
    json: { Swarm: cluster.info, Warnings: ["WARNING: the container engine does not answer"] },
  });
});

test("an engine that hangs hides neither the ping, nor the cluster's half of /info", async () => {
  const clock = { ...standingClock(0), sleep: () => Promise.resolve() };
  const given: AbortSignal[] = [];
  const engine = {
    request: async ({ signal }: { readonly signal?: AbortSignal }) => {
      if (signal) given.push(signal);
      return await new Promise<never>(() => {});
    },
  };
  const { ask } = newHarness(newMemoryCluster(aSwarm), engine, clock);
  expect(await ask("GET", "/_ping")).toMatchObject({ status: 200, text: "OK" });
  expect(await ask("GET", "/v1.41/info")).toMatchObject({
    status: 200,
    json: {
      Swarm: { LocalNodeState: "active" },
      Warnings: ["WARNING: the container engine has not answered within 10 s"],
    },
  });
  expect(await ask("GET", "/v1.41/nodes")).toMatchObject({ status: 200 });
  expect(await ask("GET", "/v1.41/version")).toMatchObject({ status: 503 });
  expect(await ask("GET", "/v1.41/networks")).toMatchObject({ status: 503 });
  // Nothing goes on behind the callers' backs.
  expect(given.length).toBeGreaterThan(0);
  expect(given.every(({ aborted }) => aborted)).toBe(true);
});
