import { createSocket } from "node:dgram";
import type { Socket as UdpSocket } from "node:dgram";
import { createServer, isIP } from "node:net";
import type { Server, Socket } from "node:net";
import type { Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { QuestionType, Resolution } from "./answer.ts";
import { encodeFailure, encodeResolution, fitUdp, readQuestion, typeOf } from "./answer.ts";
import { forward } from "./forward.ts";
import { streamDecode, streamEncode } from "./stream.ts";

export interface NameServerOptions {
  /** 53, but for tests. */
  readonly port: number;
  /** Answers for a client, known by its address. */
  readonly resolve: (
    client: string,
    question: { readonly name: string; readonly type: QuestionType },
  ) => Resolution;
  /** The node's own resolvers, `address` or `address:port`; looked at with each query. */
  readonly resolvers: () => readonly string[];
  readonly logger: Logger;
}

/** Answers on the addresses that it is told, over UDP and TCP. */
export interface NameServer {
  /**
   * Listens on exactly these addresses from now on. Rejects (unavailable), naming the address, when
   * one can't be bound; the others are served.
   */
  listen(addresses: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface Listener {
  readonly udp: UdpSocket;
  readonly tcp: Server;
}

/** A connection without queries is closed after this long. */
const TCP_IDLE_MS = 10_000;

const bindUdp = (socket: UdpSocket, address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port }, () => {
      socket.off("error", reject);
      resolve();
    });
  });

const bindTcp = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });

/** Makes a server that listens nowhere yet. */
export const newNameServer = (options: NameServerOptions): NameServer => {
  const { port, logger } = options;
  const listeners = new Map<string, Listener>();

  const answer = async (
    client: string,
    message: Buffer,
    transport: "udp" | "tcp",
  ): Promise<Buffer | undefined> => {
    const read = readQuestion(message);
    if (!read) return undefined;
    const { packet, question } = read;
    const name = { name: question.name, type: typeOf(question) };
    const resolution = options.resolve(client, name);
    if (resolution.kind !== "foreign") {
      const encoded = encodeResolution(packet, question, resolution);
      return transport === "udp" ? fitUdp(packet, encoded) : encoded;
    }
    try {
      return await forward(options.resolvers(), message, transport);
    } catch (error) {
      logger.debug("name not forwarded", { name: question.name, reason: messageOf(error) });
      return encodeFailure(packet);
    }
  };

  const serveUdp = (socket: UdpSocket): void => {
    socket.on("message", (message, from) => {
      void answer(from.address, message, "udp").then((reply) => {
        // The bridge may have gone while a resolver was asked: the client asks again.
        if (reply) socket.send(reply, from.port, from.address, () => {});
        return undefined;
      });
    });
    socket.on("error", (error) => logger.warn("name server failed", { reason: error.message }));
  };

  const serveTcp = (connection: Socket): void => {
    const client = connection.remoteAddress ?? "";
    connection.setTimeout(TCP_IDLE_MS, () => connection.destroy());
    connection.on("error", () => connection.destroy());
    connection.on(
      "data",
      streamDecode((message) => {
        void answer(client, message, "tcp").then((reply) => {
          if (reply && !connection.destroyed) connection.write(streamEncode(reply));
          return undefined;
        });
      }),
    );
  };

  const open = async (address: string): Promise<Listener> => {
    const udp = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
    const tcp = createServer(serveTcp);
    try {
      await bindUdp(udp, address, port);
      await bindTcp(tcp, address, port);
    } catch (error) {
      udp.close();
      tcp.close();
      throw new OperationError(
        "unavailable",
        `cannot answer names on ${address}:${port}: ${messageOf(error)}`,
        { cause: error },
      );
    }
    serveUdp(udp);
    tcp.on("error", (error) => logger.warn("name server failed", { reason: error.message }));
    return { udp, tcp };
  };

  const shut = (address: string): void => {
    const listener = listeners.get(address);
    listeners.delete(address);
    listener?.udp.close();
    listener?.tcp.close();
  };

  return {
    listen: async (addresses) => {
      for (const address of listeners.keys()) if (!addresses.includes(address)) shut(address);
      let failure: Error | undefined;
      for (const address of addresses) {
        if (listeners.has(address)) continue;
        try {
          listeners.set(address, await open(address));
        } catch (error) {
          failure = error instanceof Error ? error : new Error(messageOf(error));
        }
      }
      if (failure) throw failure;
    },
    close: () => {
      for (const address of listeners.keys()) shut(address);
      return Promise.resolve();
    },
  };
};
