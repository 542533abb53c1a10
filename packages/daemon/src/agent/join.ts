import type { Clock, Logger, Random } from "@skein/base";
import { OLDEST_MANAGER_PROTOCOL, PROTOCOL_VERSION } from "@skein/model";
import { checkEtcdBinary, connectAuthority, joinCluster, offerReach } from "@skein/platform";
import type { Credentials } from "@skein/platform";
import type { HostPort } from "../membership/addresses.ts";
import { certificateDirectory } from "../membership/local-state.ts";

/** Whom a host asks to be let in, and what it says of itself. */
export interface JoinInput {
  readonly remotes: readonly string[];
  readonly token: string;
  readonly dataDir: string;
  /** Where it will listen if it becomes a manager. */
  readonly listen: HostPort;
  /** Whether it was told of an etcd for the state. */
  readonly externalStore: boolean;
  /** `host:port` that others dial. */
  readonly advertiseAddr: string;
}

/**
 * Gets a certificate from the first of the managers that answers. Rejects with what is wrong with the
 * token, the root's digest or the addresses; gives up after `timeoutMs`.
 */
export const joinAsNode = async (
  input: JoinInput,
  dependencies: {
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly timeoutMs: number;
  },
): Promise<Credentials> => {
  const { clock, random, logger, timeoutMs } = dependencies;
  const etcd = await checkEtcdBinary().catch(() => undefined);
  const offer = await offerReach(input.listen, random);
  try {
    return await joinCluster({
      addresses: input.remotes,
      token: input.token,
      host: {
        protocol: PROTOCOL_VERSION,
        oldest: OLDEST_MANAGER_PROTOCOL,
        advertiseAddr: input.advertiseAddr,
        reach: offer.proof,
        externalStore: input.externalStore,
        ...(etcd === undefined ? {} : { etcd }),
      },
      directory: certificateDirectory(input.dataDir),
      connect: connectAuthority,
      clock,
      logger,
      signal: AbortSignal.timeout(timeoutMs),
    });
  } finally {
    await offer.close();
  }
};
