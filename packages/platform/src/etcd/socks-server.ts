import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { OperationError } from "@skein/base";

/*
 * The least of SOCKS 5 (RFC 1928, RFC 1929) that Go's HTTP client needs: user name and password,
 * CONNECT. Addresses are passed on as they are written.
 */

const VERSION = 5;
const PASSWORD_METHOD = 2;
const PASSWORD_VERSION = 1;
const CONNECT = 1;
const ADDRESS_IPV4 = 1;
const ADDRESS_NAME = 3;
const ADDRESS_IPV6 = 4;
const REPLY = { ok: 0, failed: 5, unsupported: 7 };
const HANDSHAKE_MS = 5_000;

/** Takes over a connection that was asked for: `connected` or `failed` must be called, once. */
export interface SocksRequest {
  /** `host:port`; an IPv6 host is in brackets. */
  readonly address: string;
  /** The asking side; bytes that it has sent already can be read from it. */
  readonly socket: Socket;
  connected(): void;
  failed(): void;
}

/** A server that hands on every connection that is asked for with the right password. */
export interface SocksServer {
  /** What goes into `HTTP_PROXY`; holds the password. */
  readonly url: string;
  close(): Promise<void>;
}

/** Waits until `length` bytes are there and takes them; the rest stays in the socket. */
const take = async (socket: Socket, length: number): Promise<Buffer> => {
  for (;;) {
    const bytes: unknown = length === 0 ? Buffer.alloc(0) : socket.read(length);
    if (Buffer.isBuffer(bytes) && bytes.length === length) return bytes;
    if (socket.readableEnded || socket.destroyed || Buffer.isBuffer(bytes))
      throw new OperationError("unavailable", "the connection ended within its handshake");
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ["readable", "end", "close"]) socket.off(event, done);
        resolve();
      };
      for (const event of ["readable", "end", "close"]) socket.on(event, done);
    });
  }
};

const takeByte = async (socket: Socket): Promise<number> => (await take(socket, 1)).readUInt8(0);

const authenticate = async (socket: Socket, password: Buffer): Promise<boolean> => {
  if ((await takeByte(socket)) !== VERSION) return false;
  const methods = await take(socket, await takeByte(socket));
  if (!methods.includes(PASSWORD_METHOD)) {
    socket.end(Buffer.from([VERSION, 0xff]));
    return false;
  }
  socket.write(Buffer.from([VERSION, PASSWORD_METHOD]));
  if ((await takeByte(socket)) !== PASSWORD_VERSION) return false;
  await take(socket, await takeByte(socket)); // the user's name says nothing
  const given = await take(socket, await takeByte(socket));
  const isRight = given.length === password.length && timingSafeEqual(given, password);
  socket.write(Buffer.from([PASSWORD_VERSION, isRight ? 0 : 1]));
  return isRight;
};

const readHost = async (socket: Socket, type: number): Promise<string | undefined> => {
  if (type === ADDRESS_IPV4) return [...(await take(socket, 4))].join(".");
  if (type === ADDRESS_NAME) return (await take(socket, await takeByte(socket))).toString("latin1");
  if (type !== ADDRESS_IPV6) return undefined;
  const groups = (await take(socket, 16)).toString("hex").match(/.{4}/gu) ?? [];
  return `[${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}]`;
};

const reply = (code: number): Buffer =>
  Buffer.from([VERSION, code, 0, ADDRESS_IPV4, 0, 0, 0, 0, 0, 0]);

const serve = async (
  socket: Socket,
  password: Buffer,
  onRequest: (request: SocksRequest) => void,
): Promise<void> => {
  if (!(await authenticate(socket, password))) {
    socket.end();
    return;
  }
  const head = await take(socket, 4);
  const host = await readHost(socket, head.readUInt8(3));
  const port = (await take(socket, 2)).readUInt16BE(0);
  if (head.readUInt8(1) !== CONNECT || host === undefined) {
    socket.end(reply(REPLY.unsupported));
    return;
  }
  socket.setTimeout(0);
  onRequest({
    address: `${host}:${port}`,
    socket,
    connected: () => socket.write(reply(REPLY.ok)),
    failed: () => socket.end(reply(REPLY.failed)),
  });
};

/** Starts a server on a free port of the loopback. Nobody without its password gets through. */
export const startSocksServer = (
  onRequest: (request: SocksRequest) => void,
): Promise<SocksServer> => {
  const password = Buffer.from(randomBytes(24).toString("hex"));
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // "close" follows
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
    serve(socket, password, onRequest).catch(() => socket.destroy());
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ url: `socks5://skein:${password.toString("latin1")}@127.0.0.1:${port}`, close });
    });
  });
};
