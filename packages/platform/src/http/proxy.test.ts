/** Goal: ordinary requests pass unchanged, streaming. Method: a raw engine behind the listener. */
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newStage, rawClient } from "./testing.ts";
import type { Stage } from "./testing.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await newStage();
});
afterEach(() => stage.close());

const onRequest = (handler: (request: IncomingMessage, response: ServerResponse) => void): void => {
  stage.engine.on("request", handler);
};

const textOf = async (stream: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
};

const ask = async (
  method: string,
  path: string,
  options: { readonly body?: string; readonly headers?: Record<string, string> } = {},
): Promise<{ readonly response: IncomingMessage; readonly text: string }> => {
  const { headers = {}, body } = options;
  const outgoing = request({ socketPath: stage.socket, method, path, headers, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return { response, text: await textOf(response) };
};

test("method, path, headers, body and answer pass as they are", async () => {
  onRequest((incoming, response) => {
    response.writeHead(418, "Teapot", { "X-Own": "a", "Content-Type": "text/plain" });
    response.write(`${incoming.method} ${incoming.url} ${String(incoming.headers["x-in"])} `);
    incoming.pipe(response);
  });
  const { response, text } = await ask("PUT", "/v1.41/images/a%2Fb?x=%20y", {
    body: "hello",
    headers: { "X-In": "1" },
  });
  expect(response.statusCode).toBe(418);
  expect(response.statusMessage).toBe("Teapot");
  expect(response.headers["x-own"]).toBe("a");
  expect(text).toBe("PUT /v1.41/images/a%2Fb?x=%20y 1 hello");
});

test("a POST without a body arrives as one with an empty body", async () => {
  const seen: (string | undefined)[] = [];
  onRequest((incoming, response) => {
    seen.push(incoming.headers["content-length"], incoming.headers["transfer-encoding"]);
    response.writeHead(204).end();
  });
  const client = rawClient(stage.socket);
  client.socket.write("POST /containers/x/start HTTP/1.1\r\nHost: d\r\n\r\n");
  expect(await client.readUntil("\r\n\r\n")).toMatch(/^HTTP\/1.1 204 /);
  expect(seen).toEqual(["0", undefined]);
  client.socket.destroy();
});

test("heads and pieces of a body arrive as they are sent, not when all is there", async () => {
  const answers: ServerResponse[] = [];
  onRequest((_incoming, response) => {
    answers.push(response);
    response.writeHead(200);
    response.flushHeaders();
  });
  const client = rawClient(stage.socket);
  client.socket.write("GET /events HTTP/1.1\r\nHost: d\r\n\r\n");
  expect(await client.readUntil("\r\n\r\n")).toContain("Transfer-Encoding: chunked");
  const [answer] = answers;
  answer?.write("one\n");
  expect(await client.readUntil("one\n")).not.toContain("two");
  answer?.write("two\n");
  await client.readUntil("two\n");
  answer?.end();
  expect(await client.readUntil("0\r\n\r\n")).toContain("two\n");
  client.socket.destroy();
});

test("a chunked upload streams up while the answer streams down", async () => {
  onRequest((incoming, response) => {
    response.writeHead(200);
    incoming.pipe(response);
  });
  const outgoing = request({ socketPath: stage.socket, method: "POST", path: "/build" });
  outgoing.write("first");
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const [piece] = (await once(response, "data")) as [Buffer];
  expect(piece.toString()).toBe("first");
  outgoing.end("last");
  expect(await textOf(response)).toBe("last");
});

test("a large body passes whole at the pace of the slower side", async () => {
  const size = 64 * 1024 * 1024;
  onRequest((incoming, response) => {
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
    });
    incoming.on("end", () => response.end(String(length)));
  });
  const outgoing = request({ socketPath: stage.socket, method: "POST", path: "/images/load" });
  const chunk = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < size; sent += chunk.length)
    if (!outgoing.write(chunk)) await once(outgoing, "drain");
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(await textOf(response)).toBe(String(size));
});

test("a client that leaves ends the engine's work", async () => {
  const left: Promise<boolean>[] = [];
  onRequest((_incoming, response) => {
    left.push(once(response, "close").then(() => response.writableFinished));
    response.writeHead(200);
    response.write("begin");
  });
  const client = rawClient(stage.socket);
  client.socket.write("GET /containers/x/logs?follow=1 HTTP/1.1\r\nHost: d\r\n\r\n");
  await client.readUntil("begin");
  client.socket.destroy();
  expect(await Promise.all(left)).toEqual([false]);
});

test("an engine that breaks off in a body cuts the answer short", async () => {
  onRequest((_incoming, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("part", () => response.destroy());
  });
  await expect(ask("GET", "/images/x/get")).rejects.toThrow("aborted");
});

test("without the engine the answer is 503 and says so", async () => {
  stage.engine.close();
  const { response, text } = await ask("GET", "/v1.41/containers/json");
  expect(response.statusCode).toBe(503);
  expect(JSON.parse(text)).toEqual({
    message: expect.stringContaining(
      `the container engine at unix://${stage.engineSocket} does not answer: connect`,
    ) as string,
  });
});

test("requests of one connection are told apart: ours are not passed on", async () => {
  onRequest((incoming, response) => response.end(`engine ${incoming.url ?? ""}`));
  const client = rawClient(stage.socket);
  client.socket.write("POST /ours?a=1 HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nhi");
  expect(await client.readUntil("POST /ours a=1 hi")).not.toContain("engine");
  client.socket.write("GET /theirs HTTP/1.1\r\nHost: d\r\n\r\n");
  expect(await client.readUntil("engine /theirs")).toContain("HTTP/1.1 200 OK");
  client.socket.destroy();
});

test("what is not HTTP gets 400 and is closed", async () => {
  const client = rawClient(stage.socket);
  client.socket.write("nonsense\r\n\r\n");
  expect(await client.readToEnd()).toMatch(/^HTTP\/1.1 400 /);
});
