import { CertificateKeeper } from "@skein/agent";
import type { NodeCertificates } from "@skein/agent";
import type { Clock, Logger, Random } from "@skein/base";
import {
  authorityOver,
  connectRpc,
  lifeOf,
  nodeTlsInfo,
  renewCredentials,
  withRoots,
} from "@skein/platform";
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

/** The node's credentials on the disk and in use. */
const newCertificates = (options: RenewingOptions): NodeCertificates => {
  const { clock, files, manager, agent } = options;
  const save = (credentials: Credentials): Promise<void> => files.saveCredentials(credentials);
  let current = options.credentials;
  const use = (credentials: Credentials): void => {
    current = credentials;
    manager?.updateCredentials(current);
    agent.updateCredentials(current);
  };
  return {
    tlsInfo: () => nodeTlsInfo(current.rootPem, current.certificatePem),
    life: () => lifeOf(current.certificatePem),
    renew: async (signal) => {
      use(
        await withAuthority(options, current, signal, (authority) =>
          renewCredentials({ current, save, authority, clock }),
        ),
      );
    },
    trust: async (roots) => {
      const next = withRoots(current, roots, clock.now());
      await save(next);
      use(next);
    },
  };
};

/**
 * Keeps this node's certificate as the managers want it, and puts it to use. Returns the function
 * that ends it.
 */
export const startRenewing = (options: RenewingOptions): (() => void) => {
  const { clock, random, logger, agent } = options;
  const stop = new AbortController();
  const certificates = newCertificates(options);
  const keeper = new CertificateKeeper({ certificates, clock, random, logger });
  void keeper.run(stop.signal);
  agent.watchCluster((news) => keeper.heard(news));
  return () => stop.abort(new Error("the membership ends"));
};
