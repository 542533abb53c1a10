import type { EventMessage } from "@skein/wire";
import { expect, test } from "vitest";
import { fakeEngine, newHarness, standingClock } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aSwarm, anEvent } from "../testing/objects.ts";
import { engineMayMatch, eventPasses } from "./filter.ts";
import { parseTimestamp } from "./timestamp.ts";

const NOW = 1_700_000_100;
const local = (name: string, seconds: number): string =>
  JSON.stringify({ Type: "container", Action: name, scope: "local", timeNano: seconds * 1e9 });

const newEvents = (engineLines: readonly string[]) => {
  const cluster = newMemoryCluster(aSwarm);
  const body = engineLines.map((line) => `${line}\n`).join("");
  const { engine, calls } = fakeEngine({
    "GET /_ping": { headers: { "api-version": "1.41" } },
    "GET /v1.41/events": { body },
  });
  return { cluster, calls, ...newHarness(cluster, engine, standingClock(NOW * 1000)) };
};

const actions = (text: string): readonly string[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as EventMessage).Action);

test("what is past comes from both sides in the order of time, and ends", async () => {
  const { ask, cluster } = newEvents([local("start", NOW - 50), local("die", NOW - 30)]);
  cluster.events.push(anEvent("service", "create", "web", NOW - 60));
  cluster.events.push(anEvent("service", "update", "web", NOW - 40));
  cluster.events.push(anEvent("service", "remove", "web", NOW - 5));
  const answer = await ask("GET", `/v1.41/events?since=${NOW - 90}&until=${NOW - 10}`);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(actions(answer.text)).toEqual(["create", "start", "update", "die"]);
});

test("scope=swarm and the cluster's types do not ask the engine", async () => {
  const { ask, cluster, calls } = newEvents([local("start", NOW - 50)]);
  cluster.events.push(anEvent("secret", "create", "s", NOW - 60));
  const filters = encodeURIComponent('{"scope":["swarm"]}');
  const url = `/v1.41/events?since=0&until=${NOW}&filters=${filters}`;
  expect(actions((await ask("GET", url)).text)).toEqual(["create"]);
  expect(calls.filter(({ path }) => path.includes("/events"))).toEqual([]);
});

test("a running stream begins with what is remembered, and ends when the client goes", async () => {
  const { raw, cluster } = newEvents([local("start", NOW - 50)]);
  cluster.events.push(anEvent("service", "create", "web", NOW - 60));
  const gone = new AbortController();
  const { body } = await raw("GET", `/v1.41/events?since=${NOW - 90}`, { signal: gone.signal });
  if (typeof body === "string") throw new Error("no stream");
  const seen: string[] = [];
  for await (const chunk of body) {
    seen.push(...actions(new TextDecoder().decode(chunk)));
    if (seen.length === 2) gone.abort();
  }
  expect(seen.toSorted()).toEqual(["create", "start"]);
});

test("bad times are refused as in the reference", async () => {
  const { ask } = newEvents([]);
  expect(await ask("GET", "/v1.41/events?since=20&until=10")).toMatchObject({
    status: 400,
    json: { message: "`since` time (20) cannot be after `until` time (10)" },
  });
  expect(await ask("GET", "/v1.41/events?since=x")).toMatchObject({ status: 500 });
});

test("the engine's refusal is the answer", async () => {
  const { engine } = fakeEngine({
    "GET /v1.41/events": { status: 400, body: '{"message":"no"}' },
  });
  const { ask } = newHarness(newMemoryCluster(aSwarm), engine);
  expect(await ask("GET", "/v1.41/events")).toMatchObject({ status: 400, json: { message: "no" } });
});

test.each([
  [{}, true],
  [{ type: ["service"] }, true],
  [{ type: ["node"] }, false],
  [{ event: ["create", "update"] }, true],
  [{ event: ["remove"] }, false],
  [{ scope: ["local"] }, false],
  [{ service: ["we"] }, true],
  [{ node: ["id-of-w"] }, true],
  [{ container: ["other"] }, false],
  [{ label: ["name=web"] }, true],
  [{ label: ["name=other"] }, false],
  [{ label: ["missing"] }, false],
  [{ bogus: ["x"] }, true],
] as const)("filters %j", (filters, passes) => {
  expect(eventPasses(anEvent("service", "create", "web", NOW), filters)).toBe(passes);
});

test.each([
  [{}, true],
  [{ scope: ["local"] }, true],
  [{ scope: ["swarm"] }, false],
  [{ type: ["service", "node"] }, false],
  [{ type: ["service", "container"] }, true],
] as const)("whether the engine is asked with %j", (filters, asked) => {
  expect(engineMayMatch(filters)).toBe(asked);
});

test("times are seconds with an optional fraction", () => {
  expect(parseTimestamp("")).toBeUndefined();
  expect(parseTimestamp("5")).toBe(5_000_000_000n);
  expect(parseTimestamp("5.000000001")).toBe(5_000_000_001n);
  expect(parseTimestamp("5.5")).toBe(5_500_000_000n);
});
