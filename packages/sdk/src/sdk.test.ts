import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClient } from "./client.ts";
import type { Client } from "./client.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import { modify, retry } from "./retry.ts";
import { demultiplex } from "./streams.ts";

type Handler = (request: IncomingMessage, body: string, response: ServerResponse) => void;

let directory: string;
let server: Server;
let client: Client;
let handler: Handler;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "skein-sdk-"));
  const socket = join(directory, "s.sock");
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      handler(request, Buffer.concat(chunks).toString(), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  client = createClient({ host: `unix://${socket}` });
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

const answer = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
};

test("filters, status and bodies are sent as the Docker API takes them", async () => {
  const seen: string[] = [];
  handler = (request, body, response) => {
    seen.push(`${request.method} ${decodeURIComponent(request.url ?? "")} ${body}`);
    answer(response, 200, []);
  };
  await client.services.list({ filters: { name: ["a", "b"], label: [] }, status: true });
  await client.swarm.join({ JoinToken: "t", RemoteAddrs: ["h:1"] });
  await client.nodes.remove("n/1", true);
  expect(seen).toEqual([
    'GET /services?filters={"name":{"a":true,"b":true}}&status=true ',
    'POST /swarm/join {"JoinToken":"t","RemoteAddrs":["h:1"]}',
    "DELETE /nodes/n/1?force=1 ",
  ]);
});

test("a refusal carries the daemon's text and status", async () => {
  handler = (_request, _body, response) => {
    answer(response, 404, { message: "node x not found" });
  };
  const failure = await client.nodes.inspect("x").catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({ status: 404, message: "node x not found" });
});

test("a missing socket is a connection error with the system's code", async () => {
  const lost = createClient({ host: `unix://${directory}/none.sock` });
  const failure = await lost.system.info().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConnectionError);
  expect(failure).toMatchObject({ code: "ENOENT", host: `unix://${directory}/none.sock` });
});

test("log frames survive any chunking", async () => {
  const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 3, ...Buffer.from("ab\n")]);
  const two = Buffer.from([2, 0, 0, 0, 0, 0, 0, 2, ...Buffer.from("c\n")]);
  const bytes = Buffer.concat([one, two]);
  for (const size of [1, 2, 7, 8, 9, 100]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const frames: string[] = [];
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunks;
    };
    for await (const { stream, data } of demultiplex(source()))
      frames.push(`${stream}:${data.toString()}`);
    expect(frames).toEqual(["stdout:ab\n", "stderr:c\n"]);
  }
});

test("events are followed until the stream ends", async () => {
  handler = (_request, _body, response) => {
    response.write('{"Type":"node","Action":"create","Actor":{"ID":"1","Attrib');
    response.write('utes":{}}}\n{"Type":"service","Action":"update","Actor":{"ID":"2"');
    response.end(',"Attributes":{}}}\n');
  };
  const types: string[] = [];
  for await (const event of client.system.events()) types.push(event.Type);
  expect(types).toEqual(["node", "service"]);
});

const waits: number[] = [];
const clock = {
  now: () => 0,
  monotonic: () => 0,
  sleep: async (ms: number) => {
    waits.push(ms);
  },
};

test("modify reads again when somebody else was faster", async () => {
  let version = 1;
  const written = await modify(
    async () => version,
    async (read) => {
      if (read === 1) {
        version = 2;
        throw new ApiError(500, "rpc error: code = Unknown desc = update out of sequence");
      }
      return read;
    },
    { clock, attempts: 3, delayMs: 5 },
  );
  expect(written).toBe(2);
});

test("retry waits twice as long each time and gives up in the end", async () => {
  waits.length = 0;
  let tries = 0;
  const failing = retry(
    async () => {
      tries += 1;
      throw new ConnectionError("unix:///x", new Error("down"));
    },
    { clock, attempts: 4, delayMs: 10 },
  );
  await expect(failing).rejects.toThrow("cannot reach the daemon at unix:///x: down");
  expect(tries).toBe(4);
  expect(waits).toEqual([10, 20, 40]);
  const refused = retry(
    async () => {
      tries += 1;
      throw new ApiError(400, "bad");
    },
    { clock, attempts: 4, delayMs: 10 },
  );
  await expect(refused).rejects.toThrow("bad");
  expect(tries).toBe(5);
});

test("over TCP the host's own name is sent, which certificates are checked against", async () => {
  let host: string | undefined;
  const tcp = createServer((request, response) => {
    host = request.headers.host;
    response.end("[]");
  });
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const address = tcp.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const remote = createClient({ host: `tcp://127.0.0.1:${port}` });
  await remote.nodes.list();
  remote.close();
  await new Promise((resolve) => tcp.close(resolve));
  expect(host).toBe(`127.0.0.1:${port}`);
});
