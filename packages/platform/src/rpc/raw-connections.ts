import type { TLSSocket } from "node:tls";
import type { Logger } from "@skein/base";
import type { Credentials } from "../shared/credentials.ts";
import type { NodeIdentity } from "../shared/identity.ts";
import { dial } from "./dial.ts";
import type { DialOptions } from "./dial.ts";
import * as limits from "./limits.ts";
import { plainAddress, verifiedIdentity } from "./tls.ts";

/** What the members of etcd say to each other. */
export const ETCD_PEER_PROTOCOL = "skein-etcd-peer/1";

/** A protocol that managers of one cluster speak on the port of the calls, over its TLS. */
export interface RawProtocol {
  /** The name in the handshake (ALPN). */
  readonly name: string;
  /**
   * Takes over the connection of a manager of this cluster. Its half is open on its own: whoever
   * takes it ends it. The data has not begun to flow.
   */
  readonly accept: (socket: TLSSocket, peer: NodeIdentity) => void;
}

/** Connections that are no calls. */
export interface RawConnections {
  /** Whether this connection's handshake chose one of the protocols: then it is dealt with. */
  take(socket: TLSSocket): boolean;
  /** Closes those of a node at once. */
  disconnect(nodeId: string): void;
}

/** What raw connections are judged by. */
export interface RawOptions {
  readonly protocols: readonly RawProtocol[];
  readonly clusterId: string;
  readonly isRevoked: (nodeId: string) => boolean;
  readonly logger: Logger;
}

const tune = (socket: TLSSocket): void => {
  socket.allowHalfOpen = true;
  socket.setNoDelay(true);
  socket.setKeepAlive(true, limits.TCP_KEEPALIVE_MS);
};

/** Lets managers of the cluster that were not removed through to the protocols, and nobody else. */
export const newRawConnections = (options: RawOptions): RawConnections => {
  const { clusterId, isRevoked, logger } = options;
  const protocols = new Map(options.protocols.map((protocol) => [protocol.name, protocol]));
  const open = new Map<TLSSocket, NodeIdentity>();
  return {
    take: (socket) => {
      const protocol = protocols.get(String(socket.alpnProtocol));
      if (protocol === undefined) return false;
      socket.on("error", () => {}); // "close" follows
      const peer = verifiedIdentity(socket);
      const isFriend = peer?.role === "manager" && peer.clusterId === clusterId;
      if (!isFriend || isRevoked(peer.nodeId)) {
        const address = plainAddress(socket.remoteAddress);
        logger.debug("connection refused", { protocol: protocol.name, address, ...peer });
        socket.destroy();
        return true;
      }
      open.set(socket, peer);
      socket.once("close", () => open.delete(socket));
      tune(socket);
      protocol.accept(socket, peer);
      return true;
    },
    disconnect: (nodeId) => {
      for (const [socket, peer] of open) if (peer.nodeId === nodeId) socket.destroy();
    },
  };
};

/** How to reach another manager with a raw protocol. */
export interface RawDial extends Omit<DialOptions, "protocol"> {
  /** `host:port`. */
  readonly address: string;
  readonly protocol: string;
  readonly credentials: Credentials;
}

/**
 * Opens a connection to another manager of the cluster for a raw protocol. Rejects with kind
 * `unavailable` or `deadline-exceeded` when it cannot be reached, and with `forbidden` when it is
 * no manager of this cluster or does not speak the protocol. A manager that does not want us closes
 * the connection afterwards.
 */
export const dialRaw = async (options: RawDial): Promise<TLSSocket> => {
  const { address, credentials, ...rest } = options;
  const { socket } = await dial(address, { kind: "node", credentials }, rest);
  socket.on("error", () => {}); // "close" follows
  tune(socket);
  return socket;
};
