// Goal: what goes wrong between us and the engine is told apart rightly. Method: a small HTTP server on a
// socket that answers as engines do.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newVirtualClock, silentLogger } from "@skein/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EngineConnection } from "./connection.ts";
import { engineEvents } from "./events.ts";
import { Images, noSuchImage, parseImage } from "./images.ts";

const calm = new AbortController().signal;
let directory = "";
let server: Server;
let connection: EngineConnection;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "skein-engine-"));
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    answer(request, response);
  });
  const socketPath = join(directory, "engine.sock");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  connection = new EngineConnection(socketPath);
});

afterEach(async () => {
  connection.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

const json =
  (status: number, body: unknown) =>
  (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };

test("an answer keeps its message, a missing one means that the engine is away", async () => {
  answer = json(409, { message: "already in use" });
  const inspect = (): Promise<unknown> =>
    connection.request(calm, { method: "GET", path: "/containers/x/json" });
  await expect(inspect()).rejects.toMatchObject({ kind: "conflict", message: "already in use" });
  answer = json(500, { message: "boom" });
  await expect(inspect()).rejects.toMatchObject({ kind: "unknown", message: "boom" });
  answer = (_, response) => response.writeHead(400).end("some answer in plain text\n");
  await expect(inspect()).rejects.toMatchObject({
    kind: "invalid-parameter",
    message: "some answer in plain text",
  });
  answer = (_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("{");
    response.destroy();
  };
  await expect(inspect()).rejects.toMatchObject({ kind: "unavailable" });
  answer = (request) => request.destroy();
  await expect(inspect()).rejects.toMatchObject({ kind: "unavailable" });
});

test("an aborted call rejects with the signal's reason", async () => {
  const controller = new AbortController();
  answer = () => controller.abort(new Error("enough"));
  const request = { method: "GET", path: "/info" } as const;
  await expect(connection.request(controller.signal, request)).rejects.toThrow("enough");
});

test("events are read line by line; noise is left out, exit codes are kept", async () => {
  const event = (Action: string, Attributes: object): string =>
    `${JSON.stringify({ Type: "container", Action, Actor: { ID: "c1", Attributes } })}\n`;
  answer = (_, response) => {
    response.write(event("start", {}).slice(0, 10));
    response.write(event("start", {}).slice(10) + event("exec_create: true", {}));
    response.end(`${event("die", { exitCode: "137" })}{"Type":"image"}\nnot json\n`);
  };
  const events = [];
  for await (const one of engineEvents(connection, calm)) events.push(one);
  expect(events).toEqual([
    { type: "connected" },
    { type: "container", containerId: "c1" },
    { type: "container", containerId: "c1", exitCode: 137 },
  ]);
});

test("tasks that want the same image share a pull, and its failure for a while", async () => {
  const clock = newVirtualClock();
  const images = new Images({ connection, clock, logger: silentLogger });
  answer = (request, response) => {
    if (request.method === "GET") json(404, { message: "no such image" })(request, response);
    else response.end('{"status":"Pulling"}\n{"error":"no route to registry"}\n');
  };
  const pulls = (): number => asked.filter((line) => line.startsWith("POST")).length;
  await Promise.all([images.pull("a:1", undefined, calm), images.pull("a:1", undefined, calm)]);
  expect(pulls()).toBe(1);
  await images.pull("a:1", undefined, calm);
  expect(pulls()).toBe(1);
  await clock.advance(10_000);
  await images.pull("a:1", undefined, calm);
  expect(pulls()).toBe(2);
  expect(asked).toContain("POST /images/create?fromImage=a&tag=1");
});

test("an image that is here and pinned, or made here, is not asked for; others always are", async () => {
  const images = new Images({ connection, clock: newVirtualClock(), logger: silentLogger });
  const pulled = async (image: string, RepoTags: readonly string[]): Promise<boolean> => {
    asked = [];
    answer = json(200, { RepoTags });
    await images.pull(image, undefined, calm);
    return asked.some((line) => line.startsWith("POST"));
  };
  const digest = `sha256:${"0".repeat(64)}`;
  expect(await pulled(`a@${digest}`, ["a:1"])).toBe(false);
  expect(await pulled("b:1", ["localhost/b:1"])).toBe(false);
  expect(await pulled(digest, [])).toBe(false);
  expect(await pulled("c:1", ["docker.io/library/c:1"])).toBe(true);
});

test("credentials go along as they came", async () => {
  const images = new Images({ connection, clock: newVirtualClock(), logger: silentLogger });
  let header: unknown;
  answer = (request, response) => {
    header = request.headers["x-registry-auth"] ?? header;
    json(404, { message: "no such image" })(request, response);
  };
  await images.pull("a:1", "eyJ1IjoiYSJ9", calm);
  expect(header).toBe("eyJ1IjoiYSJ9");
});

test("references are taken apart as the pull route wants them", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  expect(parseImage("nginx")).toEqual({ name: "nginx", tag: "latest", pinned: false });
  expect(parseImage("reg:5000/a/b:1")).toEqual({ name: "reg:5000/a/b", tag: "1", pinned: false });
  expect(parseImage("reg:5000/a")).toEqual({ name: "reg:5000/a", tag: "latest", pinned: false });
  expect(parseImage(`a:1@${digest}`)).toEqual({ name: "a", tag: digest, pinned: true });
  expect(noSuchImage("nginx").message).toBe("No such image: nginx:latest");
});
