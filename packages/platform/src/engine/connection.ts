import { Agent, request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { answerError, engineAway } from "./engine-error.ts";

/** What to ask the engine for. */
export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Without version: the engine then takes its newest. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Value of the X-Registry-Auth header. */
  readonly registryAuth?: string;
}

const readAll = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text; // `OK` of /_ping, plain text of a proxy in between
  }
};

const targetOf = ({ path, query = {} }: EngineRequest): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
};

/**
 * The connection to one engine's API, over its socket. What fails is an OperationError: kind
 * `unavailable` when the engine does not answer, else by the answer's status, with the engine's
 * message. When the signal was the cause its reason is thrown.
 */
export class EngineConnection {
  readonly socketPath: string;
  readonly #agent: Agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Asks, and reads the whole answer: JSON as values, other text as it is. */
  async request(signal: AbortSignal, request: EngineRequest): Promise<unknown> {
    const answer = await this.stream(signal, request);
    try {
      return parse(await readAll(answer));
    } catch (error) {
      signal.throwIfAborted();
      throw engineAway(this.socketPath, error);
    }
  }

  /** Like {@link EngineConnection.request}; the answer is read as it comes. Destroy it when done. */
  async stream(signal: AbortSignal, request: EngineRequest): Promise<Readable> {
    signal.throwIfAborted();
    try {
      const answer = await this.#send(signal, request);
      const status = answer.statusCode ?? 500;
      if (status < 400) return answer;
      throw answerError(status, parse(await readAll(answer)));
    } catch (error) {
      signal.throwIfAborted();
      throw engineAway(this.socketPath, error);
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #send(signal: AbortSignal, request: EngineRequest): Promise<IncomingMessage> {
    const { method, body, registryAuth } = request;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = httpRequest({
        socketPath: this.socketPath,
        path: targetOf(request),
        method,
        agent: this.#agent,
        signal,
        headers: {
          host: "docker",
          ...(text === undefined ? {} : { "content-type": "application/json" }),
          "content-length": text === undefined ? 0 : Buffer.byteLength(text),
          ...(registryAuth === undefined ? {} : { "x-registry-auth": registryAuth }),
        },
      });
      sent.once("response", resolve);
      // Stays: a connection that breaks later also fails the answer's stream.
      sent.on("error", reject);
      sent.end(text);
    });
  }
}
