import { rpcError } from "@skein/base";
import { OLDEST_AGENT_PROTOCOL, OLDEST_MANAGER_PROTOCOL, PROTOCOL_VERSION } from "@skein/model";

/** What a peer says of the protocols that it can speak. */
export interface SpokenProtocols {
  readonly protocol: number;
  /** The oldest that it can do with at the other end. */
  readonly oldest?: number;
}

/**
 * What this manager speaks with a node: the newest that both know. Throws (failed-precondition), saying
 * which of them is to be upgraded first, when there is none. `who` names the node in the text.
 */
export const agreeOnProtocol = (who: string, spoken: SpokenProtocols): number => {
  const { protocol, oldest = protocol } = spoken;
  if (oldest > PROTOCOL_VERSION)
    throw rpcError(
      "failed-precondition",
      `${who} speaks protocol ${protocol}, this manager ${PROTOCOL_VERSION}: upgrade the managers first`,
    );
  if (protocol < OLDEST_AGENT_PROTOCOL)
    throw rpcError(
      "failed-precondition",
      `${who} speaks protocol ${protocol}, and this manager none before ${OLDEST_AGENT_PROTOCOL}: upgrade Skein there`,
    );
  return Math.min(protocol, PROTOCOL_VERSION);
};

/**
 * Refuses (failed-precondition) a manager whose protocol is too far from this one's: they would not mean
 * the same. Managers that say nothing are of protocol 2.
 */
export const checkManagerProtocol = (spoken: SpokenProtocols): void => {
  const { protocol, oldest = protocol } = spoken;
  if (oldest <= PROTOCOL_VERSION && protocol >= OLDEST_MANAGER_PROTOCOL) return;
  throw rpcError(
    "failed-precondition",
    `this manager leads and speaks protocol ${PROTOCOL_VERSION}, the one that was asked speaks ${protocol}: ` +
      "upgrade the older of the two; versions that follow each other get on",
  );
};
