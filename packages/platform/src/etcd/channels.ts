import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import type { ChannelCredentials, ClientDuplexStream, ClientReadableStream } from "@grpc/grpc-js";
import { OperationError } from "@skein/base";
import { EtcdError, etcdError } from "./etcd-error.ts";
import type { Method } from "./codec.ts";

/** How to reach etcd. */
export interface Endpoints {
  /** `unix:/path`, `http://host:port` or `https://host:port`; tried in turn. */
  readonly endpoints: readonly string[];
  /** For `https` endpoints: PEM. */
  readonly tls?: {
    readonly rootPem: string;
    readonly certificatePem?: string;
    readonly keyPem?: string;
  };
}

const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.min_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  // etcd closes connections that ask for signs of life more often than every five seconds.
  "grpc.keepalive_time_ms": 6_000,
  "grpc.keepalive_timeout_ms": 3_000,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
};

const invalid = (endpoint: string): OperationError =>
  new OperationError(
    "invalid-parameter",
    `invalid etcd endpoint "${endpoint}": use https://HOST:PORT, http://HOST:PORT or unix:/PATH`,
  );

const bytes = (pem: string | undefined): Buffer | null =>
  pem === undefined ? null : Buffer.from(pem);

const credentialsOf = (isSecure: boolean, { tls }: Endpoints): ChannelCredentials => {
  if (!isSecure) return credentials.createInsecure();
  return credentials.createSsl(bytes(tls?.rootPem), bytes(tls?.keyPem), bytes(tls?.certificatePem));
};

const clientOf = (endpoint: string, options: Endpoints): Client => {
  if (endpoint.startsWith("unix:/"))
    return new Client(endpoint, credentialsOf(false, options), CHANNEL_OPTIONS);
  const { scheme, target } =
    /^(?<scheme>https?):\/\/(?<target>[^/]+:\d+)\/?$/u.exec(endpoint)?.groups ?? {};
  if (target === undefined) throw invalid(endpoint);
  return new Client(target, credentialsOf(scheme === "https", options), CHANNEL_OPTIONS);
};

/** How long a call may take, and what ends it before. */
export interface CallOptions {
  /** Milliseconds; ten seconds when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Also a member that knows no leader may answer. */
  readonly anyMember?: boolean;
}

/** A call's deadline when it names none, in milliseconds. */
const CALL_MS = 10_000;

/** With this, a member without a leader refuses at once (or ends a stream) instead of waiting. */
const requireLeader = (): Metadata => {
  const metadata = new Metadata();
  metadata.set("hasleader", "true");
  return metadata;
};

/**
 * Connections to the endpoints, one in use at a time. A call that fails for want of an answer makes
 * the next one the one in use: who tries again tries there.
 */
export class Channels {
  readonly #clients: readonly Client[];
  #current = 0;
  #isClosed = false;

  constructor(options: Endpoints) {
    if (options.endpoints.length === 0)
      throw new OperationError("invalid-parameter", "no etcd endpoint is given");
    this.#clients = options.endpoints.map((endpoint) => clientOf(endpoint, options));
  }

  /** One request, one answer. Rejects with an {@link EtcdError}, always within the deadline. */
  unary<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const used = this.#current;
    const { timeoutMs = CALL_MS, signal } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const fail = (error: EtcdError): void => {
        end();
        reject(this.#failed(used, error));
      };
      const call = this.#client().makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        options.anyMember === true ? new Metadata() : requireLeader(),
        (error, response) => {
          if (error) return fail(etcdError(error, method.path));
          end();
          resolve(response as Response);
        },
      );
      const cancel = (): void => call.cancel();
      // grpc-js counts deadlines by the wall clock, which may jump.
      const timer = setTimeout(() => {
        fail(new EtcdError(status.DEADLINE_EXCEEDED, `no answer in ${timeoutMs} ms`, method.path));
        call.cancel();
      }, timeoutMs);
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
      };
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Opens a stream in both directions; it ends with an `error` event. */
  duplex<Request extends object, Response>(
    method: Method<Request, Response>,
  ): ClientDuplexStream<Request, Response> {
    return this.#client().makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      requireLeader(),
    );
  }

  /** Opens a stream of answers, from any member. */
  answers<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Request,
  ): ClientReadableStream<Response> {
    return this.#client().makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
    );
  }

  /** The endpoint in use gives no answers: the next one is used from now on. */
  rotate(): void {
    this.#current = (this.#current + 1) % this.#clients.length;
  }

  /** Ends all calls; later ones fail. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client.close();
  }

  #client(): Client {
    const client = this.#clients[this.#current];
    if (client === undefined || this.#isClosed)
      throw new EtcdError(status.UNAVAILABLE, "the client was closed", "no call");
    return client;
  }

  #failed(used: number, error: EtcdError): EtcdError {
    // Of several calls that failed at one endpoint, one moves on.
    if (error.isAmbiguous && error.kind !== "cancelled" && used === this.#current) this.rotate();
    return error;
  }
}
