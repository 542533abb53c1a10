import { request as httpRequest, Agent as HttpAgent } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest, Agent as HttpsAgent } from "node:https";
import { parseAddress } from "./address.ts";
import { ApiError, ConnectionError } from "./errors.ts";

/** Certificates for `tcp://` hosts, in PEM. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False accepts any server certificate (`--tls` without `--tlsverify`). */
  readonly verify: boolean;
}

/** How to reach a daemon. */
export interface TransportOptions {
  /** `unix:///path` or `tcp://address:port`. */
  readonly host: string;
  readonly tls?: TlsOptions;
  /** e.g. `1.41`; absent asks for the newest that the daemon speaks. */
  readonly apiVersion?: string;
  /** Headers for each request, e.g. a user agent. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A query value; undefined leaves the key out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One request. `body` is sent as JSON. */
export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** Without a version prefix, e.g. `/nodes`. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An answer whose body is still to be read. */
export interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends requests to one daemon. */
export interface Transport {
  readonly host: string;
  /** Resolves when the head of a good answer is there. Throws ApiError or ConnectionError. */
  open(request: Request): Promise<Response>;
  /** The whole body as text. */
  text(request: Request): Promise<string>;
  /** The whole body as JSON. The daemon is trusted to send what the API describes. */
  json<T>(request: Request): Promise<T>;
  /** Closes idle connections. */
  close(): void;
}

const target = ({ path, query }: Request, apiVersion: string | undefined): string => {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {}))
    if (value !== undefined) parameters.append(key, String(value));
  const search = parameters.toString();
  const prefix = apiVersion === undefined ? "" : `/v${apiVersion}`;
  return `${prefix}${path}${search === "" ? "" : `?${search}`}`;
};

const readText = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
};

const errorMessage = (status: number, text: string, path: string): string => {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "message" in body)
      return String(body.message).trim();
  } catch {
    // Not JSON: a proxy or an old daemon answered. Its text is the message.
  }
  return text.trim() === "" ? `request returned status ${status} for ${path}` : text.trim();
};

const connectionOptions = (options: TransportOptions): RequestOptions => {
  const address = parseAddress(options.host, options.tls !== undefined);
  if (address.kind === "unix")
    return { socketPath: address.path, agent: new HttpAgent({ keepAlive: true }) };
  const { host, port } = address;
  if (!options.tls) return { host, port, agent: new HttpAgent({ keepAlive: true }) };
  const { ca, cert, key, verify } = options.tls;
  const agent = new HttpsAgent({
    keepAlive: true,
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  return { host, port, agent };
};

/** A transport on node:http(s). Throws when the host's address is malformed. */
export const createTransport = (options: TransportOptions): Transport => {
  const connection = connectionOptions(options);
  const { agent } = connection;
  const send = agent instanceof HttpsAgent ? httpsRequest : httpRequest;

  const start = (request: Request): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const body = request.body === undefined ? undefined : JSON.stringify(request.body);
      const outgoing = send({
        ...connection,
        method: request.method,
        path: target(request, options.apiVersion),
        headers: {
          // A socket has no name; elsewhere the certificate is checked against it.
          ...("socketPath" in connection ? { Host: "skein" } : {}),
          ...options.headers,
          ...(body === undefined
            ? {}
            : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
          ...request.headers,
        },
        ...(request.signal ? { signal: request.signal } : {}),
      });
      outgoing.once("response", resolve);
      outgoing.once("error", (error) => {
        reject(request.signal?.aborted === true ? error : new ConnectionError(options.host, error));
      });
      outgoing.end(body);
    });

  const open = async (request: Request): Promise<Response> => {
    const incoming = await start(request);
    const status = incoming.statusCode ?? 0;
    if (status >= 400)
      throw new ApiError(status, errorMessage(status, await readText(incoming), request.path));
    return { status, headers: incoming.headers, body: incoming };
  };

  const text = async (request: Request): Promise<string> => readText((await open(request)).body);

  return {
    host: options.host,
    open,
    text,
    json: async <T>(request: Request): Promise<T> => JSON.parse(await text(request)) as T,
    close: () => {
      if (typeof agent === "object") agent.destroy();
    },
  };
};
