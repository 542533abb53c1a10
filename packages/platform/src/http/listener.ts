import { Server as HttpServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createPlainServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { Api } from "@skein/api";
import type { Logger } from "@skein/base";
import { OperationError, messageOf } from "@skein/base";
import { answerRequest } from "./answer.ts";
import { lookAtFirstRequest } from "./front.ts";
import { withoutHeaders } from "./headers.ts";
import { proxyHijack } from "./hijack.ts";
import type { ListenAddress } from "./listen-address.ts";
import { formatListenAddress } from "./listen-address.ts";
import { proxyRequest } from "./proxy.ts";
import { listenOnUnixSocket, listening } from "./unix-socket.ts";

/** What a TCP listener proves itself with, and whose clients it accepts. All PEM. */
export interface ListenerTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface ListenerOptions {
  readonly addresses: readonly ListenAddress[];
  /** Needed for tcp addresses: only clients with a certificate of this CA are let in. */
  readonly tls?: ListenerTls;
  /** The engine's unix socket, without scheme: what is not ours goes there. */
  readonly engineSocket: string;
}

export interface Listener {
  /** The bound addresses; a port 0 has become a real one. */
  readonly addresses: readonly ListenAddress[];
  /** Stops listening and cuts what is still open. */
  close(): Promise<void>;
}

interface Dependencies {
  readonly api: Api;
  readonly logger: Logger;
}

/** Paths whose connection becomes a stream after an upgrade. */
const streams =
  /^(?:\/v[0-9.]+)?(?:\/libpod)?\/(?:containers\/[^/?]+\/attach(?:\/ws)?|exec\/[^/?]+\/start|session|grpc)(?:\?|$)/;

/** Go's default; credentials for many registries travel in a header. */
const MAX_HEAD_BYTES = 1024 * 1024;

/**
 * A request that offers an upgrade where there is none (Java's client does so always) starts over
 * without the offer.
 */
const withoutUpgrade = (
  server: HttpServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void => {
  const raw = withoutHeaders(
    request.rawHeaders,
    (name) => name === "upgrade" || name === "connection" || name === "http2-settings",
  );
  const lines = [`${request.method ?? "GET"} ${request.url ?? "/"} HTTP/1.1`];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push(`${raw[i] ?? ""}: ${raw[i + 1] ?? ""}`);
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  server.emit("connection", socket);
};

const newHttpServer = (
  { engineSocket }: ListenerOptions,
  { api, logger }: Dependencies,
): HttpServer => {
  const proxy = { engineSocket, logger };
  const server = new HttpServer({
    maxHeaderSize: MAX_HEAD_BYTES,
    requireHostHeader: false,
    // No limits in time: an upload, a build or a follow may take days.
    requestTimeout: 0,
    keepAliveTimeout: 0,
    noDelay: true,
  });
  server.timeout = 0;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (api.owns(request.method ?? "", request.url ?? "/"))
      void answerRequest(request, response, api);
    else proxyRequest(request, response, proxy);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (streams.test(request.url ?? "")) void proxyHijack(request, socket, head, proxy);
    else withoutUpgrade(server, request, socket, head);
  });
  server.on("clientError", (error: Error, socket: Duplex) => {
    logger.debug("not HTTP", { error: messageOf(error) });
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
};

const newSocketServer = (
  address: ListenAddress,
  tls: ListenerTls | undefined,
  accept: (socket: Socket) => void,
): Server => {
  // Half-open: a client that has said everything still wants to hear the answer.
  if (address.kind === "unix") return createPlainServer({ allowHalfOpen: true }, accept);
  if (!tls)
    throw new OperationError(
      "invalid-parameter",
      `${formatListenAddress(address)} needs --tls-ca-cert, --tls-cert and --tls-key: ` +
        "who reaches the API owns the host",
    );
  const { ca, certificate: cert, key } = tls;
  return createTlsServer(
    { ca, cert, key, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true },
    accept,
  );
};

const boundAddress = (address: ListenAddress, server: Server): ListenAddress => {
  if (address.kind === "unix") return address;
  const bound = server.address() as AddressInfo | null;
  return { ...address, port: bound?.port ?? address.port };
};

/**
 * Serves the Docker Engine API on every address: the cluster's part from `api`, everything else
 * passed to the engine. Rejects with `conflict` when an address is taken, and then listens nowhere.
 */
export const listen = async (
  options: ListenerOptions,
  dependencies: Dependencies,
): Promise<Listener> => {
  const http = newHttpServer(options, dependencies);
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client may vanish at any moment; whoever uses the socket sees it close.
    socket.on("error", () => {});
    lookAtFirstRequest(socket, () => http.emit("connection", socket));
  };
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    const closed = servers.map(
      async (server) => await new Promise<void>((done) => server.close(() => done())),
    );
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  try {
    const addresses: ListenAddress[] = [];
    for (const address of options.addresses) {
      const server = newSocketServer(address, options.tls, accept);
      if (address.kind === "unix") await listenOnUnixSocket(server, address.path);
      else
        await listening(server, formatListenAddress(address), () =>
          server.listen({ host: address.host, port: address.port }),
        );
      servers.push(server);
      addresses.push(boundAddress(address, server));
    }
    return { addresses, close };
  } catch (error) {
    await close();
    throw error;
  }
};
