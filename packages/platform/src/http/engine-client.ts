import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { createConnection } from "node:net";
import type { Socket } from "node:net";
import { OperationError, messageOf } from "@skein/base";
import type { EngineApi, EngineResponse } from "@skein/api";
import { flatHeaders } from "./headers.ts";

/**
 * Each request has its own connection, which we close ourselves when the answer is complete. An
 * engine that closed it first could do so before Node's last, empty write, whose failure would hide
 * an answer that is already there.
 */
export const KEEP_OPEN: readonly string[] = ["connection", "keep-alive"];

/** What every failure to reach the engine becomes: status 503 and a text that names the socket. */
export const engineUnavailable = (socketPath: string, cause: unknown): OperationError =>
  new OperationError(
    "unavailable",
    `the container engine at unix://${socketPath} does not answer: ${messageOf(cause)}`,
    { cause },
  );

/** A raw request as the proxy sends it on. */
export interface EngineRequest {
  readonly method: string;
  /** With version and query, as on the request line. */
  readonly path: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
}

/**
 * Opens a request on a connection of its own. No time-out of any kind: a build or a follow may be
 * silent for days.
 */
export const openEngineRequest = (socketPath: string, request: EngineRequest): ClientRequest => {
  const connect = (): Socket => {
    // Half-open: of a hijacked connection either direction may end first.
    const socket = createConnection({ path: socketPath, allowHalfOpen: true });
    // Said when an answer is complete.
    socket.once("free", () => socket.destroy());
    return socket;
  };
  return httpRequest({
    createConnection: connect,
    method: request.method,
    path: request.path,
    headers: [...request.headers],
    maxHeaderSize: 1024 * 1024,
  });
};

const answered = async (request: ClientRequest): Promise<IncomingMessage> =>
  await new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
  });

/** The engine as the API sees it: whole requests without a body of their own, answers as streams. */
export const engineClient = (socketPath: string): EngineApi => ({
  request: async ({ method, path, headers = {}, body, signal }): Promise<EngineResponse> => {
    const lines = ["host", "docker", ...KEEP_OPEN, ...Object.entries(headers).flat()];
    if (body !== undefined) lines.push("content-length", String(Buffer.byteLength(body)));
    const request = openEngineRequest(socketPath, { method, path, headers: lines });
    const abort = (): void => {
      request.destroy();
    };
    signal?.addEventListener("abort", abort, { once: true });
    request.once("close", () => signal?.removeEventListener("abort", abort));
    request.end(body);
    try {
      signal?.throwIfAborted();
      const response = await answered(request);
      return {
        status: response.statusCode ?? 502,
        headers: flatHeaders(response.headers),
        body: response,
      };
    } catch (error) {
      throw engineUnavailable(socketPath, error);
    }
  },
});
