import { connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { OperationError, messageOf } from "@skein/base";
import type { Trust } from "../shared/certificate-authority.ts";
import type { Credentials } from "../shared/credentials.ts";
import { roleUnit } from "../shared/identity.ts";
import type { NodeIdentity } from "../shared/identity.ts";
import { ALPN_PROTOCOL, TLS_VERSION, secureContextOf, verifiedIdentity } from "./tls.ts";

/**
 * As whom to connect and whom to believe: as a node of the cluster, or as nobody (yet) believing
 * the holders of certificates under some roots, or anyone.
 */
export type ConnectAs = { readonly kind: "node"; readonly credentials: Credentials } | Trust;

/** A connection whose handshake is done. */
export interface Dialed {
  readonly socket: TLSSocket;
  /** The manager at the other end; undefined only when anyone was believed. */
  readonly server: NodeIdentity | undefined;
}

const socketProblems: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "no such host",
  ETIMEDOUT: "timed out",
};

/** Errors of the machine and network have these forms of code; what TLS refuses has others. */
const isNetworkProblem = (code: string): boolean =>
  code in socketProblems || /^E[A-Z]+$/u.test(code);

/** Whoever believes anyone has found something that does not even speak TLS as managers do. */
const noManager = (address: string, reason: string): string =>
  `what answers at ${address} is no manager of Skein (${reason}): give the address and port that ` +
  `"docker swarm join-token" shows on a manager`;

const problemOf = (
  address: string,
  as: ConnectAs,
  error: NodeJS.ErrnoException,
): OperationError => {
  const code = error.code ?? "";
  const reason = socketProblems[code] ?? messageOf(error);
  if (isNetworkProblem(code))
    return new OperationError("unavailable", `cannot connect to ${address}: ${reason}`, {
      cause: error,
    });
  const message =
    as.kind === "anyone"
      ? noManager(address, error.code ?? reason)
      : `the manager at ${address} is not trusted: ${reason}`;
  return new OperationError("forbidden", message, { cause: error });
};

const optionsOf = (as: ConnectAs): ConnectionOptions => {
  if (as.kind === "node") return secureContextOf(as.credentials);
  return as.kind === "roots" ? { ca: as.rootPem } : { rejectUnauthorized: false };
};

/** Splits `host:port`, also with an IPv6 address in brackets. Throws (kind `invalid-parameter`). */
export const parseAddress = (address: string): { readonly host: string; readonly port: number } => {
  const { host, bracketed, port } =
    /^(?:\[(?<bracketed>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d+)$/u.exec(address)?.groups ?? {};
  const name = bracketed ?? host;
  const number = Number(port);
  if (name === undefined || !(number > 0 && number < 65_536))
    throw new OperationError("invalid-parameter", `invalid address "${address}"`);
  return { host: name, port: number };
};

/** Checks that the other end is a manager, of our cluster when we are in one. */
const checkServer = (
  address: string,
  socket: TLSSocket,
  { as, protocol }: { readonly as: ConnectAs; readonly protocol: string },
): Dialed => {
  if (socket.alpnProtocol !== protocol)
    throw new OperationError("forbidden", noManager(address, `it does not speak ${protocol}`));
  if (as.kind === "anyone") return { socket, server: undefined };
  const server = verifiedIdentity(socket);
  const distrust = (reason: string): OperationError =>
    new OperationError("forbidden", `the manager at ${address} is not trusted: ${reason}`);
  if (server?.role !== "manager") throw distrust("its certificate is not a manager's");
  if (as.kind === "node" && server.clusterId !== as.credentials.identity.clusterId)
    throw distrust("it belongs to another cluster");
  return { socket, server };
};

const handshake = (
  address: string,
  as: ConnectAs,
  protocol: string,
  signal: AbortSignal,
): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({
      ...parseAddress(address),
      ...optionsOf(as),
      minVersion: TLS_VERSION,
      ALPNProtocols: [protocol],
      // Every manager has this name in its certificate; addresses are in none.
      servername: roleUnit.manager,
      checkServerIdentity: () => undefined,
    });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(problemOf(address, as, error));
    });
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(socket);
    });
  });

/** How to dial. */
export interface DialOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What will be spoken; calls when absent. */
  readonly protocol?: string;
}

/**
 * Opens a TLS connection to a manager. Rejects with kind `unavailable` when it cannot be reached,
 * `deadline-exceeded` after `timeoutMs`, and `forbidden` when it is not who it should be or does
 * not speak the protocol.
 */
export const dial = async (
  address: string,
  as: ConnectAs,
  options: DialOptions,
): Promise<Dialed> => {
  const { timeoutMs, signal, protocol = ALPN_PROTOCOL } = options;
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    const message = `cannot connect to ${address}: no answer within ${timeoutMs} ms`;
    deadline.abort(new OperationError("deadline-exceeded", message));
  }, timeoutMs);
  const signals = signal === undefined ? [deadline.signal] : [deadline.signal, signal];
  try {
    const socket = await handshake(address, as, protocol, AbortSignal.any(signals));
    try {
      return checkServer(address, socket, { as, protocol });
    } catch (error) {
      socket.destroy();
      throw error;
    }
  } finally {
    clearTimeout(timer);
  }
};
