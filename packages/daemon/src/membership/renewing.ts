import type { Clock, Logger, Random } from "@skein/base";
import { authorityOver, connectRpc, renewCredentials, startRenewals } from "@skein/platform";
import type { CertificateAuthority, Credentials } from "@skein/platform";
import type { AgentRuntime } from "../agent/agent-runtime.ts";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import type { KeyFiles } from "./key-files.ts";

export interface RenewingOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly files: KeyFiles;
  readonly credentials: Credentials;
  readonly manager: ManagerRuntime | undefined;
  readonly agent: AgentRuntime;
}

/** Asks the manager in this process, or the first that answers of those the agent knows. */
const withAuthority = async <T>(
  { manager, agent }: RenewingOptions,
  current: Credentials,
  signal: AbortSignal,
  task: (authority: CertificateAuthority) => Promise<T>,
): Promise<T> => {
  if (manager)
    return task({
      rootCertificate: () => Promise.resolve(manager.authority.rootCertificate()),
      requestCertificate: (request) =>
        manager.authority.requestCertificate(request, current.identity),
    });
  let last: unknown = new Error("no manager is known");
  for (const address of agent.remotes()) {
    try {
      const as = { kind: "node", credentials: current } as const;
      const connection = await connectRpc({ address, as, signal });
      try {
        return await task(authorityOver(connection));
      } finally {
        await connection.close();
      }
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

/** Renews this node's certificate in time, and puts it to use. Returns the function that ends it. */
export const startRenewing = (options: RenewingOptions): (() => void) => {
  const { clock, random, logger, files, manager, agent } = options;
  const stop = new AbortController();
  let current = options.credentials;
  startRenewals({
    clock,
    random,
    logger,
    certificatePem: () => current.certificatePem,
    signal: stop.signal,
    renew: async (signal) => {
      current = await withAuthority(options, current, signal, (authority) =>
        renewCredentials({
          current,
          save: (credentials) => files.saveCredentials(credentials),
          authority,
          clock,
        }),
      );
      manager?.updateCredentials(current);
      agent.updateCredentials(current);
    },
  });
  return () => stop.abort(new Error("the membership ends"));
};
