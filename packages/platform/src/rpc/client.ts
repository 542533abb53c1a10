import { connect, constants } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { OperationError, messageOf } from "@skein/base";
import type { NodeIdentity } from "../shared/identity.ts";
import { roleUnit } from "../shared/identity.ts";
import { dial } from "./dial.ts";
import type { ConnectAs } from "./dial.ts";
import * as limits from "./limits.ts";
import { PATH_PREFIX } from "./serve-call.ts";
import { newRpcStream } from "./rpc-stream.ts";
import type { RpcStream } from "./rpc-stream.ts";
import { plainAddress } from "./tls.ts";

/** Where and how to connect. Times are in milliseconds and have defaults. */
export interface ConnectOptions {
  /** `host:port` of a manager. */
  readonly address: string;
  readonly as: ConnectAs;
  readonly connectTimeoutMs?: number;
  /** After this silence a sign of life is asked for ... */
  readonly pingPeriodMs?: number;
  /** ... and when none came within this, the connection is given up. */
  readonly pingTimeoutMs?: number;
  /** Ends the attempt to connect; the connection itself is ended by `close`. */
  readonly signal?: AbortSignal;
}

/** How long to wait for an answer. */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A connection to one manager. */
export interface RpcConnection {
  readonly address: string;
  /** Whom we are talking to; undefined when anyone was believed. */
  readonly server: NodeIdentity | undefined;
  /** Our own IP address on the way there. */
  readonly localAddress: string;
  /**
   * One request, one response. Rejects with the server's error; with kind `deadline-exceeded` when
   * no answer came in time, and `unavailable` when the connection was lost: the call may then have
   * been carried out or not.
   */
  call(method: string, request: unknown, options?: CallOptions): Promise<unknown>;
  /** Opens a stream. It fails (kind `unavailable`) when the connection is lost. */
  stream(method: string): RpcStream;
  /** Aborted, with the reason, at the moment the connection closes, whoever closed it. */
  readonly closed: AbortSignal;
  /** Closes at once. Resolves when closed. */
  close(): Promise<void>;
}

const lost = (address: string, reason: string): OperationError =>
  new OperationError("unavailable", `the connection to ${address} was lost: ${reason}`);

/** Asks for signs of life while nothing else arrives; destroys the session when there are none. */
const keepAlive = (session: ClientHttp2Session, socket: Socket, options: ConnectOptions): void => {
  const { pingPeriodMs = limits.PING_PERIOD_MS, pingTimeoutMs = limits.PING_TIMEOUT_MS } = options;
  let heardAt = performance.now();
  let bytesRead = socket.bytesRead;
  const look = (): void => {
    if (session.destroyed) return; // it closes some turns later, and throws when it is asked meanwhile
    const now = performance.now();
    if (socket.bytesRead !== bytesRead) {
      bytesRead = socket.bytesRead;
      heardAt = now;
    }
    if (now - heardAt >= pingTimeoutMs)
      session.destroy(new Error(`no sign of life for ${pingTimeoutMs} ms`));
    else if (now - heardAt >= pingPeriodMs / 2)
      session.ping(() => {
        // The answer shows in the bytes read.
      });
  };
  const timer = setInterval(look, pingPeriodMs);
  session.once("close", () => clearInterval(timer));
};

const openStream = (session: ClientHttp2Session, method: string): RpcStream => {
  const http2 = session.request({
    [constants.HTTP2_HEADER_METHOD]: constants.HTTP2_METHOD_POST,
    [constants.HTTP2_HEADER_PATH]: PATH_PREFIX + method,
  });
  return newRpcStream(http2, limits.MESSAGE_BYTES_MAX);
};

/** Waits for the one response; gives the call up at the deadline or when the signal aborts. */
const receiveResponse = async (
  stream: RpcStream,
  method: string,
  { timeoutMs = limits.CALL_MS, signal }: CallOptions,
): Promise<unknown> => {
  let givenUp: unknown;
  const giveUp = (reason: unknown): void => {
    givenUp ??= reason;
    stream.cancel();
  };
  const timer = setTimeout(() => {
    const message = `${method} got no answer within ${timeoutMs} ms`;
    giveUp(new OperationError("deadline-exceeded", message));
  }, timeoutMs);
  const onAbort = (): void => giveUp(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await stream.next();
  } catch (error) {
    throw givenUp ?? error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    if (givenUp === undefined) stream.release();
  }
};

/**
 * Connects to a manager over TLS 1.3 and HTTP/2, and makes sure that it is one: its certificate
 * leads to our root, is a manager's and, when we are a node, of our cluster. Rejects with kind
 * `unavailable`, `deadline-exceeded` or `forbidden`, always naming the address.
 */
export const connectRpc = async (options: ConnectOptions): Promise<RpcConnection> => {
  const { address, as, connectTimeoutMs = limits.CONNECT_MS, signal } = options;
  const { socket, server } = await dial(address, as, { timeoutMs: connectTimeoutMs, signal });
  const localAddress = plainAddress(socket.localAddress);
  const session = connect(`https://${roleUnit.manager}`, {
    createConnection: () => socket,
    maxSessionMemory: limits.SESSION_MEMORY_MB,
    settings: { enablePush: false, initialWindowSize: limits.STREAM_WINDOW_BYTES },
  });
  const closed = new AbortController();
  let reason = "closed by the manager";
  session.once("connect", () => {
    // Whoever connected may have closed it in the same turn.
    if (!session.destroyed) session.setLocalWindowSize(limits.CONNECTION_WINDOW_BYTES);
  });
  session.on("error", (error) => {
    reason = messageOf(error);
  });
  session.once("close", () => closed.abort(lost(address, reason)));
  // A session outlives its socket by some turns; whoever watches it should not have to wait.
  socket.once("close", () => session.destroy());
  session.once("goaway", () => session.destroy());
  keepAlive(session, socket, options);

  const assertOpen = (): void => {
    if (closed.signal.aborted) throw closed.signal.reason;
    if (session.destroyed || session.closed) throw lost(address, reason);
  };
  return {
    address,
    server,
    localAddress,
    closed: closed.signal,
    call: async (method, request, callOptions = {}) => {
      callOptions.signal?.throwIfAborted();
      assertOpen();
      const stream = openStream(session, method);
      const sending = stream.send(request).catch(() => {
        // Reading tells why.
      });
      stream.end();
      const response = await receiveResponse(stream, method, callOptions);
      await sending;
      return response;
    },
    stream: (method) => {
      assertOpen();
      return openStream(session, method);
    },
    close: () =>
      new Promise((resolve) => {
        if (session.destroyed) {
          resolve();
          return;
        }
        reason = "closed by this node";
        session.once("close", () => resolve());
        session.destroy();
      }),
  };
};
