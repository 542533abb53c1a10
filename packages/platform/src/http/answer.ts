import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { OperationError } from "@skein/base";
import type { Api, ApiRequest } from "@skein/api";
import { flatHeaders } from "./headers.ts";

/** Far above any spec, secret or config; what a client may make us hold in memory. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const readBody = async (request: IncomingMessage, maxBytes: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes)
      throw new OperationError(
        "invalid-parameter",
        `the request body is larger than ${maxBytes} bytes`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/** `content-type` to `Content-Type`, as people are used to see it. */
const canonical = (name: string): string =>
  name.replaceAll(/(?:^|-)[a-z]/g, (letters) => letters.toUpperCase());

const toApiRequest = (request: IncomingMessage, signal: AbortSignal): ApiRequest => {
  const url = request.url ?? "/";
  const at = url.indexOf("?");
  return {
    method: request.method ?? "GET",
    path: at < 0 ? url : url.slice(0, at),
    query: at < 0 ? "" : url.slice(at + 1),
    headers: flatHeaders(request.headers),
    body: async (maxBytes = MAX_BODY_BYTES) => await readBody(request, maxBytes),
    signal,
  };
};

/**
 * Has the API answer a request, and writes what it says. Streams leave piece by piece at the
 * client's pace, the head at once; a client that goes away ends them.
 */
export const answerRequest = async (
  request: IncomingMessage,
  response: ServerResponse,
  api: Api,
): Promise<void> => {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the client has gone")));
  const answer = await api.handle(toApiRequest(request, gone.signal));
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers))
    response.setHeader(canonical(name), value);
  if (typeof answer.body === "string") {
    response.setHeader("content-length", Buffer.byteLength(answer.body));
    response.end(answer.body);
    // What the client still sends of a body nobody read is dropped.
    request.resume();
    return;
  }
  response.flushHeaders();
  // A stream that fails in the middle can only be cut; the client sees an incomplete body.
  await pipeline(Readable.from(answer.body, { objectMode: false }), response).catch(() =>
    response.destroy(),
  );
};
