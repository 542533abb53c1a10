import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { Logger } from "@skein/base";
import { messageOf } from "@skein/base";
import { errorResponse } from "@skein/api";
import { KEEP_OPEN, engineUnavailable, openEngineRequest } from "./engine-client.ts";
import { endToEnd } from "./headers.ts";

const bodiless = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/**
 * The request's headers for the engine. A body of unknown length stays chunked; a POST without any
 * body says so, since Docker refuses to start a container by a request that may have one.
 */
const requestHeaders = (request: IncomingMessage): string[] => {
  const headers = endToEnd(request.rawHeaders);
  const framed = "content-length" in request.headers || "transfer-encoding" in request.headers;
  if (!framed && !bodiless.has(request.method ?? "")) headers.push("content-length", "0");
  headers.push(...KEEP_OPEN);
  return headers;
};

/** Where the engine is, and who hears about trouble. */
export interface ProxyOptions {
  readonly engineSocket: string;
  readonly logger: Logger;
}

/**
 * Passes one ordinary request to the engine and its answer back. Bodies stream both ways with the
 * slower side setting the pace; headers leave at once; whichever side breaks off, the other learns.
 */
export const proxyRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  { engineSocket, logger }: ProxyOptions,
): void => {
  const upstream = openEngineRequest(engineSocket, {
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: requestHeaders(request),
  });
  upstream.once("error", (error) => {
    if (response.destroyed) return;
    if (response.headersSent) {
      logger.debug("the engine broke off an answer", { error: messageOf(error) });
      response.destroy();
      return;
    }
    const { status, headers, body } = errorResponse(engineUnavailable(engineSocket, error));
    response.writeHead(status, { ...headers, connection: "close" });
    response.end(body);
  });
  upstream.once("response", (answer) => {
    response.sendDate = false;
    response.writeHead(
      answer.statusCode ?? 502,
      answer.statusMessage ?? "",
      endToEnd(answer.rawHeaders),
    );
    response.flushHeaders();
    // A failure on either side destroys both: the client sees a cut body, never a whole-looking one.
    pipeline(answer, response, () => upstream.destroy());
  });
  response.once("close", () => upstream.destroy());
  // The engine may answer before it has read everything, and then stop reading: that is no failure.
  request.pipe(upstream);
};
