import { createReadStream } from "node:fs";
import { request } from "node:http";
import { OperationError } from "@skein/base";

/** An answer of the Docker API, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One call of the Docker API on a Unix socket. */
export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** A file to send as it is. */
  readonly file?: string;
  readonly timeoutMs?: number;
}

/** Most calls answer within seconds; a join may wait for a manager, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** Makes one call. Rejects when nobody answers. */
export const call = (socketPath: string, what: Call): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method, path, body, file, timeoutMs = TIMEOUT_MS } = what;
    const type = file === undefined ? "application/json" : "application/x-tar";
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        headers: { host: "docker", ...(method === "POST" ? { "content-type": type } : {}) },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", reject);
        incoming.once("end", () => {
          resolve({
            status: incoming.statusCode ?? 0,
            text: Buffer.concat(chunks).toString("utf8"),
          });
        });
      },
    );
    outgoing.once("error", reject);
    if (file === undefined) outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    else createReadStream(file).once("error", reject).pipe(outgoing);
  });

const messageIn = (text: string): string => {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text; // not every answer is JSON
  }
};

/** Makes one call and parses its JSON. Throws the server's message when it refuses. */
export const callJson = async (socketPath: string, what: Call): Promise<unknown> => {
  const { status, text } = await call(socketPath, what);
  if (status >= 400)
    throw new OperationError(
      "internal",
      `${what.method} ${what.path} on ${socketPath}: ${messageIn(text)} (${status})`,
    );
  return text.trim() === "" ? undefined : (JSON.parse(text) as unknown);
};

/** True when the Docker API on this socket answers. */
export const answers = async (socketPath: string): Promise<boolean> => {
  try {
    return (
      (await call(socketPath, { method: "GET", path: "/_ping", timeoutMs: 2000 })).status === 200
    );
  } catch {
    return false; // not listening yet, or not any more
  }
};
