import { messageOf, OperationError } from "@skein/base";
import type { Clock, Logger } from "@skein/base";
import type { Candidate, Leader } from "@skein/manager";
import type { DownMessage, LogUpMessage, UpMessage } from "@skein/model";
import { LOGS_METHOD, SESSION_METHOD } from "@skein/model";
import { encode } from "@skein/platform";
import type { EncodedMessage, RpcMethod, RpcStream } from "@skein/platform";

/** How long an agent is kept waiting while it is not known who leads, in milliseconds. */
const LEADER_WAIT_MS = 8000;

/** The first protocol in which agents can be sent to another manager. */
const REDIRECT_PROTOCOL = 2;

/** What a manager needs to serve agents, or to send them on. */
export interface AgentMethodsDependencies {
  readonly candidate: Candidate;
  /** `host:port` of a manager's cluster API. */
  readonly addressOf: (nodeId: string) => string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The remote calls of agents: sessions and log streams, handed to the leader's dispatcher and log
 * broker. A manager that does not lead tells the agent who does. Messages are believed to have the
 * protocol's shape: only nodes of the cluster get here.
 */
export const agentMethods = (dependencies: AgentMethodsDependencies): readonly RpcMethod[] => [
  {
    name: SESSION_METHOD,
    allow: "node",
    stream: async (peer, stream) => {
      const { candidate, logger } = dependencies;
      await leaderKnown(dependencies, peer.connection);
      const { leader } = candidate;
      if (!leader) return redirect(dependencies, stream);
      const from = { nodeId: peer.identity.nodeId, address: peer.address };
      return serveSession(leader, from, stream, logger);
    },
  },
  {
    name: LOGS_METHOD,
    allow: "node",
    stream: async (peer, stream) => {
      const { leader } = dependencies.candidate;
      if (!leader) throw new OperationError("cancelled", "this manager does not lead any more");
      return serveLogs(leader, peer.identity.nodeId, stream);
    },
  },
];

/** Resolves when it is known who leads, at the latest after three seconds. */
const leaderKnown = (
  { candidate, clock }: AgentMethodsDependencies,
  connection: AbortSignal,
): Promise<void> =>
  new Promise((resolve) => {
    if (candidate.leaderId !== undefined) return resolve();
    const waiting = new AbortController();
    const finish = (): void => {
      unwatch();
      waiting.abort();
      resolve();
    };
    const unwatch = candidate.watch(() => {
      if (candidate.leaderId !== undefined) finish();
    });
    void clock
      .sleep(LEADER_WAIT_MS, AbortSignal.any([waiting.signal, connection]))
      .then(finish, finish);
  });

/** Sends the agent to the leader, or away when there is none. */
const redirect = async (
  { candidate, addressOf }: AgentMethodsDependencies,
  stream: RpcStream,
): Promise<void> => {
  const hello = (await stream.next()) as UpMessage | undefined;
  const { leaderId } = candidate;
  const addr = leaderId === undefined ? undefined : addressOf(leaderId);
  if (leaderId === undefined || addr === undefined)
    throw new OperationError("unavailable", "no leader is known to this manager");
  // Agents of protocol 1 know no word for it: they try the next manager.
  if (hello?.type === "hello" && hello.protocol < REDIRECT_PROTOCOL)
    throw new OperationError("unavailable", `this manager does not lead: ${addr} does`);
  const message: DownMessage = { type: "redirect", leader: { nodeId: leaderId, addr } };
  await stream.send(message);
};

/** Messages that many nodes get, as long as somebody holds them. */
const encodings = new WeakMap<DownMessage, EncodedMessage>();

/** The message's bytes: made once, however many nodes it goes to. */
const encodedOnce = (message: DownMessage): EncodedMessage => {
  const known = encodings.get(message);
  if (known) return known;
  const encoded = encode(message);
  if (message.type === "networks") encodings.set(message, encoded);
  return encoded;
};

const serveSession = async (
  leader: Leader,
  peer: { readonly nodeId: string; readonly address: string },
  stream: RpcStream,
  logger: Logger,
): Promise<void> => {
  let ending: Error | undefined;
  const port = leader.dispatcher.connect(peer, {
    send: (message) => {
      stream.sendEncoded(encodedOnce(message)).catch((error: unknown) => {
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
