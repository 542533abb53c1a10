import { messageOf } from "@skein/base";
import type { Logger } from "@skein/base";
import type { Leader } from "@skein/manager";
import type { LogUpMessage, UpMessage } from "@skein/model";
import { LOGS_METHOD, SESSION_METHOD } from "@skein/model";
import type { RpcMethod, RpcStream } from "@skein/platform";
import { OperationError } from "@skein/base";

/**
 * The remote calls of agents: sessions and log streams, handed to the leader's dispatcher and log
 * broker. Messages are believed to have the protocol's shape: only nodes of the cluster get here.
 */
export const agentMethods = (leader: Leader, logger: Logger): readonly RpcMethod[] => [
  {
    name: SESSION_METHOD,
    allow: "node",
    stream: (peer, stream) =>
      serveSession(leader, { nodeId: peer.identity.nodeId, address: peer.address }, stream, logger),
  },
  {
    name: LOGS_METHOD,
    allow: "node",
    stream: (peer, stream) => serveLogs(leader, peer.identity.nodeId, stream),
  },
];

const serveSession = async (
  leader: Leader,
  peer: { readonly nodeId: string; readonly address: string },
  stream: RpcStream,
  logger: Logger,
): Promise<void> => {
  let ending: Error | undefined;
  const port = leader.dispatcher.connect(peer, {
    send: (message) => {
      stream.send(message).catch((error: unknown) => {
        logger.debug("message not sent", { nodeId: peer.nodeId, reason: messageOf(error) });
      });
    },
    close: (error) => {
      ending = error;
      if (error) stream.fail(error);
      else stream.end();
    },
  });
  try {
    for await (const message of stream) port.receive(message as UpMessage);
  } finally {
    port.closed();
  }
  if (ending) throw ending;
};

const serveLogs = async (leader: Leader, nodeId: string, stream: RpcStream): Promise<void> => {
  const hello = await stream.next();
  const id = Object.fromEntries(Object.entries(hello ?? {}))["subscriptionId"];
  const publication = typeof id === "string" ? leader.logs.publish(nodeId, id) : undefined;
  if (!publication) throw new OperationError("cancelled", "nobody reads this subscription");
  try {
    for await (const message of stream) {
      publication.receive(message as LogUpMessage);
      await publication.ready();
    }
  } finally {
    publication.closed();
  }
};
