import type { Clock, Logger } from "@skein/base";
import { connectAuthority, joinCluster } from "@skein/platform";
import type { Credentials } from "@skein/platform";
import { certificateDirectory } from "../membership/local-state.ts";

/**
 * Gets a certificate from the first of the managers that answers. Rejects with what is wrong with the
 * token, the root's digest or the addresses; gives up after `timeoutMs`.
 */
export const joinAsNode = async (
  input: { readonly remotes: readonly string[]; readonly token: string; readonly dataDir: string },
  dependencies: { readonly clock: Clock; readonly logger: Logger; readonly timeoutMs: number },
): Promise<Credentials> => {
  const { clock, logger, timeoutMs } = dependencies;
  return joinCluster({
    addresses: input.remotes,
    token: input.token,
    directory: certificateDirectory(input.dataDir),
    connect: connectAuthority,
    clock,
    logger,
    signal: AbortSignal.timeout(timeoutMs),
  });
};
