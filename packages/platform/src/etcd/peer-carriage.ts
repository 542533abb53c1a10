import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { messageOf } from "@skein/base";
import type { Logger } from "@skein/base";
import { joinStreams } from "./join-streams.ts";
import { addressOfPeer } from "./peer-address.ts";
import { startSocksServer } from "./socks-server.ts";
import type { SocksRequest } from "./socks-server.ts";

/** Opens an authorised, encrypted connection to the manager at `host:port`. */
export type DialPeer = (address: string, signal: AbortSignal) => Promise<Duplex>;

/** What carries the traffic between the members of etcd. */
export interface PeerCarriage {
  /** What etcd is given as `HTTP_PROXY`. */
  readonly proxyUrl: string;
  /** Hands a connection of another member, authorised by the caller, to our etcd. */
  acceptPeer(stream: Duplex): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** What a carriage is made of. */
export interface CarriageOptions {
  /** The unix socket on which our etcd listens for its peers. */
  readonly peerSocket: string;
  readonly dialPeer: DialPeer;
  readonly logger: Logger;
}

const DIAL_MS = 5_000;
/** etcd dials a peer that is down ten times a second and stream; a TLS handshake costs too much for that. */
const FIRST_REST_MS = 50;
const LONGEST_REST_MS = 800;

/** When an address that does not answer may be dialled again. */
class Rests {
  readonly #rests = new Map<string, { readonly until: number; readonly ms: number }>();

  isResting(address: string): boolean {
    return (this.#rests.get(address)?.until ?? 0) > performance.now();
  }

  failed(address: string): void {
    const before = this.#rests.get(address)?.ms ?? FIRST_REST_MS / 2;
    const ms = Math.min(before * 2, LONGEST_REST_MS);
    this.#rests.set(address, { until: performance.now() + ms, ms });
  }

  answered(address: string): void {
    this.#rests.delete(address);
  }
}

/**
 * Carries what etcd says to its peers. etcd itself speaks plain HTTP and has no listener that
 * others can reach: outgoing connections come to a proxy here and leave through `dialPeer`,
 * incoming ones are handed to a unix socket. etcd sees no certificate; renewing one, or rotating
 * the root, is nothing to it.
 */
export const startPeerCarriage = async (options: CarriageOptions): Promise<PeerCarriage> => {
  const { dialPeer, logger } = options;
  const closing = new AbortController();
  const streams = new Set<Duplex>();
  const rests = new Rests();

  const join = (one: Duplex, other: Duplex): void => {
    const pair = [one, other];
    for (const stream of pair) streams.add(stream);
    void joinStreams(one, other).finally(() => {
      for (const stream of pair) streams.delete(stream);
    });
    if (closing.signal.aborted) one.destroy();
  };

  const dial = async (request: SocksRequest): Promise<void> => {
    const target = addressOfPeer(request.address);
    if (rests.isResting(target)) {
      request.failed();
      return;
    }
    try {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(DIAL_MS)]);
      const peer = await dialPeer(target, signal);
      let hasAnswered = false;
      peer.once("data", () => {
        hasAnswered = true;
        rests.answered(target);
      });
      peer.once("close", () => {
        if (!hasAnswered) rests.failed(target);
      });
      request.connected();
      join(request.socket, peer);
    } catch (error) {
      rests.failed(target);
      logger.debug("a peer of etcd is not reached", { address: target, reason: messageOf(error) });
      request.failed();
    }
  };

  const socks = await startSocksServer((request) => void dial(request));
  return {
    proxyUrl: socks.url,
    acceptPeer: (stream) =>
      join(stream, connect({ path: options.peerSocket, allowHalfOpen: true })),
    close: async () => {
      closing.abort(new Error("the carriage is closed"));
      for (const stream of streams) stream.destroy();
      await socks.close();
    },
  };
};
