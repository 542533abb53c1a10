import { createServer as createHttp2Server } from "node:http2";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import type { Server } from "node:tls";
import { OperationError, messageOf } from "@skein/base";
import type { Logger } from "@skein/base";
import type { Credentials } from "../shared/credentials.ts";
import * as limits from "./limits.ts";
import { newRawConnections } from "./raw-connections.ts";
import type { RawProtocol } from "./raw-connections.ts";
import { serveCall } from "./serve-call.ts";
import type { Peer, RpcMethod } from "./router.ts";
import { ALPN_PROTOCOL, plainAddress, secureContextOf, verifiedIdentity } from "./tls.ts";

/** What a server is made of. */
export interface RpcServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly credentials: Credentials;
  readonly router: readonly RpcMethod[];
  /** True for nodes that were removed; looked at on every call. */
  readonly isRevoked: (nodeId: string) => boolean;
  /** What managers may speak to each other on the same port, besides calls. */
  readonly rawProtocols?: readonly RawProtocol[];
  readonly logger: Logger;
}

/** A running server. */
export interface RpcServer {
  readonly port: number;
  /** Serves these calls too, from now on. */
  serve(methods: readonly RpcMethod[]): void;
  /** New connections get the new certificate and are checked against the new roots; old ones stay. */
  updateCredentials(credentials: Credentials): void;
  /** Closes a node's connections at once: it was removed, or has a new role to prove. */
  disconnect(nodeId: string): void;
  /** Stops listening and closes all connections. */
  close(): Promise<void>;
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: "the address is already in use",
  EADDRNOTAVAIL: "this machine does not have the address",
  EACCES: "permission denied",
};

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const reason = listenProblems[error.code ?? ""] ?? error.message;
      const message = `cannot listen on ${host}:${port}: ${reason}`;
      reject(new OperationError("unavailable", message, { cause: error }));
    };
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });

const peerOf = (session: ServerHttp2Session, clusterId: string): Peer => {
  const { socket } = session;
  const identity = socket instanceof TLSSocket ? verifiedIdentity(socket) : undefined;
  const closed = new AbortController();
  session.once("close", () => closed.abort());
  return {
    // Two clusters could share a root that somebody brought: O tells them apart.
    identity: identity?.clusterId === clusterId ? identity : undefined,
    address: plainAddress(socket.remoteAddress),
    connection: closed.signal,
    disconnect: () => session.destroy(),
  };
};

/** A connection that has not proved who it is must be short. */
const limitAnonymous = (session: ServerHttp2Session): void => {
  session.settings({ maxConcurrentStreams: limits.ANONYMOUS_STREAMS_MAX });
  const timer = setTimeout(() => session.destroy(), limits.ANONYMOUS_CONNECTION_MS);
  timer.unref();
  session.once("close", () => clearTimeout(timer));
};

const newTlsServer = (credentials: Credentials, rawProtocols: readonly RawProtocol[]): Server =>
  createTlsServer({
    ...secureContextOf(credentials),
    ALPNProtocols: [ALPN_PROTOCOL, ...rawProtocols.map(({ name }) => name)],
    requestCert: true,
    // Joining nodes have no certificate yet; each call is authorised by itself.
    rejectUnauthorized: false,
    handshakeTimeout: limits.HANDSHAKE_MS,
  });

/** Never listens itself: it is handed the connections whose handshake chose HTTP/2. */
const newCallServer = (): Http2Server =>
  createHttp2Server({
    maxSessionMemory: limits.SESSION_MEMORY_MB,
    settings: {
      enablePush: false,
      initialWindowSize: limits.STREAM_WINDOW_BYTES,
      maxConcurrentStreams: limits.STREAMS_MAX,
    },
  });

/**
 * Serves remote calls over mutual TLS 1.3 and HTTP/2. Callers without a certificate of this
 * cluster only reach the methods that are open to anyone. Rejects (kind `unavailable`) with the
 * address when it cannot listen there.
 */
export const startRpcServer = async (options: RpcServerOptions): Promise<RpcServer> => {
  const { host, router, logger } = options;
  const { clusterId } = options.credentials.identity;
  const methods = new Map(router.map((method) => [method.name, method]));
  const peers = new Map<ServerHttp2Session, Peer>();
  const { rawProtocols = [] } = options;
  const server = newTlsServer(options.credentials, rawProtocols);
  const calls = newCallServer();
  const sockets = new Set<Socket>();
  const raw = newRawConnections({
    protocols: rawProtocols,
    clusterId,
    isRevoked: options.isRevoked,
    logger,
  });

  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.setKeepAlive(true, limits.TCP_KEEPALIVE_MS);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("secureConnection", (socket) => {
    if (!raw.take(socket)) calls.emit("connection", socket);
  });
  calls.on("session", (session) => {
    const peer = peerOf(session, clusterId);
    peers.set(session, peer);
    session.once("close", () => peers.delete(session));
    session.on("error", (error) =>
      logger.debug("connection failed", { address: peer.address, reason: messageOf(error) }),
    );
    session.setLocalWindowSize(limits.CONNECTION_WINDOW_BYTES);
    if (peer.identity === undefined) limitAnonymous(session);
    session.on("stream", (http2, headers) =>
      serveCall({ http2, headers, peer, methods, isRevoked: options.isRevoked, logger }),
    );
  });
  server.on("tlsClientError", (error) =>
    logger.debug("TLS handshake failed", { reason: messageOf(error) }),
  );
  const port = await listen(server, host, options.port);
  server.on("error", (error) => logger.error("RPC server failed", { reason: messageOf(error) }));

  return {
    port,
    serve: (more) => {
      for (const method of more) methods.set(method.name, method);
    },
    updateCredentials: (credentials) => server.setSecureContext(secureContextOf(credentials)),
    disconnect: (nodeId) => {
      raw.disconnect(nodeId);
      for (const [session, peer] of peers) if (peer.identity?.nodeId === nodeId) session.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of peers.keys()) session.destroy();
        // Those whose handshake is not done have no session yet.
        for (const socket of sockets) socket.destroy();
      }),
  };
};
