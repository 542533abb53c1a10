import type { Duplex } from "node:stream";
import { ETCD_PEER_PROTOCOL, startRpcServer } from "@skein/platform";
import type { RpcServer, RpcServerOptions } from "@skein/platform";

/** The port between nodes: calls, and what the members of etcd say to each other. */
export interface Doors {
  readonly server: RpcServer;
  /** From now on connections of other members go there; those that came before were closed. */
  acceptPeers(take: (stream: Duplex) => void): void;
}

/** Opens the port, before there is anything to be served. Rejects as `startRpcServer` does. */
export const openDoors = async (
  options: Omit<RpcServerOptions, "router" | "rawProtocols">,
): Promise<Doors> => {
  let take: ((stream: Duplex) => void) | undefined;
  const server = await startRpcServer({
    ...options,
    router: [],
    rawProtocols: [
      {
        name: ETCD_PEER_PROTOCOL,
        accept: (socket) => {
          if (take) take(socket);
          else socket.destroy();
        },
      },
    ],
  });
  return {
    server,
    acceptPeers: (taker) => {
      take = taker;
    },
  };
};
