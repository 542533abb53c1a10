import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { Credentials } from "../shared/credentials.ts";
import { readIdentity } from "../shared/identity.ts";
import type { NodeIdentity } from "../shared/identity.ts";

/** Both sides speak our version: there is nothing older to be compatible with. */
export const TLS_VERSION = "TLSv1.3";
/** The protocol that both sides name in the handshake. */
export const ALPN_PROTOCOL = "h2";

/** What TLS needs of a node's credentials. */
export const secureContextOf = (credentials: Credentials): SecureContextOptions => ({
  ca: credentials.rootPem,
  cert: credentials.certificatePem,
  key: credentials.keyPem,
  minVersion: TLS_VERSION,
});

/**
 * Who the other side is, when TLS has verified its certificate and it names a node; undefined
 * otherwise.
 */
export const verifiedIdentity = (socket: TLSSocket): NodeIdentity | undefined => {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  try {
    return readIdentity(certificate);
  } catch {
    // A certificate of our root that names no node is no identity.
    return undefined;
  }
};

/** An IP address without the prefix that IPv4 has on a dual-stack socket. */
export const plainAddress = (address: string | undefined): string =>
  (address ?? "").replace(/^::ffff:/u, "");
