/** Goal: hijacked connections are byte streams end to end. Method: an engine that speaks raw. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { markPlainHijack } from "./front.ts";
import { newStage, rawClient } from "./testing.ts";
import type { Stage } from "./testing.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await newStage();
});
afterEach(() => stage.close());

const SWITCHED =
  "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
  "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
const attach = (more: string): string =>
  `POST /v1.41/containers/x/attach?stream=1 HTTP/1.1\r\nHost: d\r\n${more}\r\n`;

/** The engine's end of the next upgraded connection. */
const nextUpgrade = async (): Promise<readonly [IncomingMessage, Duplex, string]> => {
  const [request, socket, head] = (await once(stage.engine, "upgrade")) as [
    IncomingMessage,
    Duplex,
    Buffer,
  ];
  socket.on("error", () => {});
  return [request, socket, head.toString()];
};

const read = async (socket: Duplex, text: string): Promise<string> => {
  let seen = "";
  while (!seen.includes(text)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    seen += chunk.toString();
  }
  return seen;
};

test("an upgrade joins both sides; either may stop speaking and still listen", async () => {
  const client = rawClient(stage.socket);
  client.socket.write(attach(upgrade));
  const [request, engine] = await nextUpgrade();
  expect(request.url).toBe("/v1.41/containers/x/attach?stream=1");
  engine.write(`${SWITCHED}early`);
  expect(await client.readUntil("early")).toBe(`${SWITCHED}early`);
  client.socket.end("stdin");
  expect(await read(engine, "stdin")).toBe("stdin");
  if (!engine.readableEnded) await once(engine, "end");
  engine.write("after the end of the input");
  await client.readUntil("after the end of the input");
  engine.end();
  expect(await client.readToEnd()).toContain("input");
});

test("the engine may stop speaking first", async () => {
  const client = rawClient(stage.socket);
  client.socket.write(attach(upgrade));
  const [, engine] = await nextUpgrade();
  const closed = once(client.socket, "end");
  engine.write(`${SWITCHED}out`);
  await client.readUntil("out");
  engine.end();
  await closed;
  client.socket.write("still said");
  expect(await read(engine, "still said")).toBe("still said");
  client.socket.destroy();
});

test("a body before the stream goes with the request, what follows with the stream", async () => {
  const client = rawClient(stage.socket);
  const body = '{"Detach":false,"Tty":false}';
  client.socket.write(
    `POST /exec/e/start HTTP/1.1\r\nHost: d\r\n${upgrade}Content-Length: ${body.length}\r\n\r\n` +
      body.slice(0, 5),
  );
  client.socket.write(`${body.slice(5)}stdin`);
  const [request, engine, head] = await nextUpgrade();
  expect(request.headers["content-length"]).toBe(String(body.length));
  const sent = head === "" ? await read(engine, "}") : head;
  expect(sent).toBe(body);
  engine.write(SWITCHED);
  expect(await read(engine, "stdin")).toBe("stdin");
  client.socket.destroy();
});

test("a client that hijacks without an upgrade gets 200 and the stream", async () => {
  const client = rawClient(stage.socket);
  client.socket.write(`${attach("")}typed ahead`);
  const [request, engine] = await nextUpgrade();
  expect(request.headers).toMatchObject({ upgrade: "tcp" });
  expect(Object.keys(request.headers)).not.toContain("x-skein-plain-hijack");
  engine.write(`${SWITCHED}out`);
  expect(await client.readUntil("\r\n\r\nout")).toBe(
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nout",
  );
  expect(await read(engine, "typed ahead")).toBe("typed ahead");
  client.socket.destroy();
});

test("an engine that refuses is heard, and the connection ends", async () => {
  stage.engine.on("upgrade", (_request: IncomingMessage, socket: Duplex) => {
    socket.write("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n");
    socket.write('Content-Length: 16\r\n\r\n{"message":"no"}');
  });
  const client = rawClient(stage.socket);
  client.socket.write(attach(upgrade));
  const answer = await client.readToEnd();
  expect(answer).toMatch(/^HTTP\/1.1 404 Not Found\r\n/);
  expect(answer).toMatch(/Connection: close\r\n/);
  expect(answer.endsWith('\r\n\r\n{"message":"no"}')).toBe(true);
});

test("without the engine a hijack is answered with 503", async () => {
  stage.engine.close();
  const client = rawClient(stage.socket);
  client.socket.write(attach(upgrade));
  const answer = await client.readToEnd();
  expect(answer).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
  expect(answer).toContain("does not answer");
});

test("a client that vanishes closes the engine's side, and the other way round", async () => {
  const client = rawClient(stage.socket);
  client.socket.write(attach(upgrade));
  const [, engine] = await nextUpgrade();
  engine.write(`${SWITCHED}out`);
  await client.readUntil("out");
  client.socket.destroy();
  engine.resume();
  await once(engine, "end");
  expect(engine.readableEnded).toBe(true);
  const second = rawClient(stage.socket);
  second.socket.write(attach(upgrade));
  const [, other] = await nextUpgrade();
  other.write(`${SWITCHED}out`);
  await second.readUntil("out");
  other.destroy();
  await second.readToEnd();
  second.socket.destroy();
});

test("a session for builds upgrades to another protocol", async () => {
  const client = rawClient(stage.socket);
  client.socket.write(
    "POST /session HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
  );
  const [request, engine] = await nextUpgrade();
  expect(request.headers.upgrade).toBe("h2c");
  engine.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nh2");
  await client.readUntil("\r\n\r\nh2");
  client.socket.destroy();
});

test("an offer to upgrade where there is no stream is passed over", async () => {
  stage.engine.on("request", (request, response) => {
    response.end(`engine ${request.headers.upgrade ?? "none"}`);
  });
  const client = rawClient(stage.socket);
  const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n";
  client.socket.write(`GET /ours?a HTTP/1.1\r\nHost: d\r\n${offer}`);
  expect(await client.readUntil("GET /ours a")).toMatch(/^HTTP\/1.1 200 /);
  client.socket.write(`GET /info HTTP/1.1\r\nHost: d\r\n${offer}`);
  expect(await client.readUntil("engine none")).not.toContain("101");
  client.socket.destroy();
});

test.each([
  ["GET /containers/x/attach HTTP/1.1\r\n\r\n"],
  ["POST /containers/x/start HTTP/1.1\r\n\r\n"],
  ["POST /containers/x/attach HTTP/1.1\r\nupgrade: tcp\r\n\r\n"],
  ['POST /exec/e/start HTTP/1.1\r\nContent-Length: 15\r\n\r\n{"Detach":true}'],
  ["POST /containers/x/attach HTTP/1.1\r\n"],
])("not a plain hijack: %j", (text) => {
  expect(markPlainHijack(text)).toBeUndefined();
});
