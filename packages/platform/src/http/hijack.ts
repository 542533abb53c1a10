import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "@skein/base";
import { messageOf } from "@skein/base";
import { errorResponse } from "@skein/api";
import { engineUnavailable, openEngineRequest } from "./engine-client.ts";
import type { ProxyOptions } from "./proxy.ts";
import { responseHead, withoutHeaders } from "./headers.ts";

/** Set by the front on a request that hijacks without asking for an upgrade. */
export const PLAIN_HIJACK = "x-skein-plain-hijack";

/** Bodies of hijacking requests are a few words of JSON. */
const MAX_BODY = 1024 * 1024;

/** Reads exactly the request's body; what follows on the socket belongs to the stream. */
const readBody = async (client: Duplex, head: Buffer, length: number): Promise<Buffer> => {
  if (length > MAX_BODY) throw new Error(`a body of ${length} bytes before a stream is too large`);
  if (head.length > 0) client.unshift(head);
  let body = Buffer.alloc(0);
  while (body.length < length) {
    const chunk: unknown = client.read(length - body.length) ?? client.read();
    if (Buffer.isBuffer(chunk)) {
      const missing = length - body.length;
      body = Buffer.concat([body, chunk.subarray(0, missing)]);
      if (chunk.length > missing) client.unshift(chunk.subarray(missing));
    } else if (client.readableEnded || client.destroyed) {
      throw new Error("the client left before the end of its request");
    } else {
      await Promise.race([once(client, "readable"), once(client, "end"), once(client, "close")]);
    }
  }
  return body;
};

/**
 * Joins two byte streams. The end of one direction is passed on as a half-close, so that output can
 * still come after the end of the input; a break in either closes both.
 */
const join = (client: Duplex, engine: Duplex, logger: Logger): void => {
  const broken = (error: unknown): void => {
    logger.debug("a stream broke", { error: messageOf(error) });
    client.destroy();
    engine.destroy();
  };
  client.once("error", broken);
  engine.once("error", broken);
  client.once("close", () => engine.destroy());
  engine.once("close", () => {
    // Everything the engine said has been handed over; let it drain before the socket goes.
    if (!client.writableEnded) client.end();
  });
  client.pipe(engine);
  engine.pipe(client);
};

const refuse = (client: Duplex, engineSocket: string, error: unknown): void => {
  const { status, headers, body } = errorResponse(engineUnavailable(engineSocket, error));
  const text = typeof body === "string" ? body : "";
  const raw = Object.entries(headers).flat();
  raw.push("content-length", String(Buffer.byteLength(text)), "connection", "close");
  client.end(`${responseHead(status, "Service Unavailable", raw)}${text}`);
};

/** The engine says no: its answer goes back, and the connection ends with it. */
const passAnswer = (client: Duplex, answer: IncomingMessage): void => {
  const raw = withoutHeaders(
    answer.rawHeaders,
    (name) => name === "connection" || name === "transfer-encoding",
  );
  raw.push("Connection", "close");
  client.write(responseHead(answer.statusCode ?? 502, answer.statusMessage ?? "", raw));
  answer.pipe(client);
};

const switchedHead = (answer: IncomingMessage, plain: boolean): string => {
  if (!plain)
    return responseHead(answer.statusCode ?? 101, answer.statusMessage ?? "", answer.rawHeaders);
  const type = answer.headers["content-type"] ?? "application/vnd.docker.raw-stream";
  return responseHead(200, "OK", ["Content-Type", type]);
};

const requestHeaders = (request: IncomingMessage, body: Buffer): string[] => {
  const headers = withoutHeaders(
    request.rawHeaders,
    (name) => name === PLAIN_HIJACK || name === "content-length",
  );
  headers.push("content-length", String(body.length));
  return headers;
};

/**
 * Passes on a request that turns its connection into a byte stream: attach, exec, session, grpc.
 * Takes over `client`, the raw connection. The engine is always asked for an upgrade; a client that
 * hijacks without one gets the plain 200 that it expects.
 */
export const proxyHijack = async (
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  { engineSocket, logger }: ProxyOptions,
): Promise<void> => {
  client.on("error", () => client.destroy());
  const plain = PLAIN_HIJACK in request.headers;
  try {
    const length = Number(request.headers["content-length"] ?? 0);
    const body = await readBody(client, head, length);
    const upstream = openEngineRequest(engineSocket, {
      method: request.method ?? "POST",
      path: request.url ?? "/",
      headers: requestHeaders(request, body),
    });
    client.once("close", () => upstream.destroy());
    upstream.once("error", (error) => {
      if (client.writable) refuse(client, engineSocket, error);
    });
    upstream.once("response", (answer) => passAnswer(client, answer));
    upstream.once("upgrade", (answer, engine, engineHead) => {
      client.write(switchedHead(answer, plain));
      if (engineHead.length > 0) client.write(engineHead);
      join(client, engine, logger);
    });
    upstream.end(body);
  } catch (error) {
    logger.debug("a hijacking request broke off", { error: messageOf(error) });
    client.destroy();
  }
};
