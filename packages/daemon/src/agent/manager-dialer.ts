import type { LogStream, ManagerConnection, ManagerDialer } from "@skein/agent";
import type { Logger } from "@skein/base";
import { messageOf } from "@skein/base";
import type { DownMessage, LogStreamHello, UpMessage } from "@skein/model";
import { LOGS_METHOD, SESSION_METHOD } from "@skein/model";
import { connectRpc } from "@skein/platform";
import type { Credentials, RpcConnection, RpcStream } from "@skein/platform";
import type { NodeAvailability } from "@skein/wire";
import { lockedSwarm } from "../membership/texts.ts";

export interface ManagerDialerOptions {
  /** None on a locked manager: nobody is dialled. */
  readonly credentials: () => Credentials | undefined;
  /** What the node asked for when it joined; goes with each greeting, counts with the first. */
  readonly availability: NodeAvailability | undefined;
  readonly logger: Logger;
}

/** Dials managers with the node's present credentials. */
export const newManagerDialer = (options: ManagerDialerOptions): ManagerDialer => ({
  dial: async (addr, signal) => {
    const credentials = options.credentials();
    if (!credentials) throw lockedSwarm();
    const as = { kind: "node", credentials } as const;
    const connection = await connectRpc({ address: addr, as, signal });
    return openSession(connection, options);
  },
});

const openSession = (
  connection: RpcConnection,
  { availability, logger }: ManagerDialerOptions,
): ManagerConnection => {
  const stream = connection.stream(SESSION_METHOD);
  const complete = (message: UpMessage): UpMessage =>
    message.type === "hello" && availability ? { ...message, availability } : message;
  return {
    send: (message) => {
      stream.send(complete(message)).catch((error: unknown) => {
        logger.debug("message not sent", { reason: messageOf(error) });
      });
    },
    messages: receive(connection, stream),
    openLogStream: (subscriptionId) => openLogs(connection, subscriptionId, logger),
    close: ({ atOnce = false } = {}) => {
      stream.end();
      void (atOnce ? connection.close() : closeLater(connection, stream));
    },
  };
};

/** Messages have the protocol's shape: only a manager of the cluster is at the other end. */
async function* receive(connection: RpcConnection, stream: RpcStream): AsyncGenerator<DownMessage> {
  try {
    for await (const message of stream) yield message as DownMessage;
  } finally {
    // Whoever reads must not wait for it: a connection to a lost host may take its time.
    void connection.close();
  }
}

/** Gives the manager a moment to end its direction, which says that it has read ours. */
const CLOSE_MS = 1000;

const closeLater = async (connection: RpcConnection, stream: RpcStream): Promise<void> => {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, CLOSE_MS);
    stream.signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
  await connection.close();
};

const openLogs = (connection: RpcConnection, subscriptionId: string, logger: Logger): LogStream => {
  const stream = connection.stream(LOGS_METHOD);
  const hello: LogStreamHello = { subscriptionId };
  stream.send(hello).catch((error: unknown) => {
    logger.debug("log stream not opened", { subscriptionId, reason: messageOf(error) });
  });
  return {
    send: (message) => stream.send(message),
    closed: stream.signal,
    close: () => stream.end(),
  };
};
