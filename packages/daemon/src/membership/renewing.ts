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
  /** The manager in this process, when there is one. */
  readonly manager: () => ManagerRuntime | undefined;
  readonly agent: AgentRuntime;
  /** Told of each new certificate, when it is in use. */
  readonly onRenewed: (credentials: Credentials) => void;
}

/** Keeps this node's certificate. */
export interface Renewing {
  /** The credentials in use. */
  current(): Credentials;
  stop(): void;
}

/** The manager in this process, as far as it can find the leader: one out of the quorum may not. */
const authorityHere = (
  { manager: managerHere }: RenewingOptions,
  current: Credentials,
  hasOthers: boolean,
): CertificateAuthority | undefined => {
  const manager = managerHere();
  if (!manager || (hasOthers && manager.candidate.leaderId === undefined)) return undefined;
  return {
    rootCertificate: () => Promise.resolve(manager.authority.rootCertificate()),
    requestCertificate: (request) =>
      manager.authority.requestCertificate(request, current.identity),
  };
};

/** Asks the manager in this process, and then the first that answers of those the agent knows. */
const withAuthority = async <T>(
  options: RenewingOptions,
  current: Credentials,
  signal: AbortSignal,
  task: (authority: CertificateAuthority) => Promise<T>,
): Promise<T> => {
  const { nodeId } = current.identity;
  const others = options.agent.managers().filter((manager) => manager.nodeId !== nodeId);
  let last: unknown = new Error("no manager is known");
  const here = authorityHere(options, current, others.length > 0);
  try {
    if (here) return await task(here);
  } catch (error) {
    last = error;
  }
  for (const { addr: address } of others) {
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
const newCertificates = (
  options: RenewingOptions,
): NodeCertificates & { readonly current: () => Credentials } => {
  const { clock, files, manager, agent, onRenewed } = options;
  const save = (credentials: Credentials): Promise<void> => files.saveCredentials(credentials);
  let current = options.credentials;
  const use = (credentials: Credentials): void => {
    current = credentials;
    manager()?.updateCredentials(current);
    agent.updateCredentials(current);
    onRenewed(current);
  };
  return {
    current: () => current,
    tlsInfo: () => nodeTlsInfo(current.rootPem, current.certificatePem),
    role: () => current.identity.role,
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

/** Keeps this node's certificate as the managers want it, of the role that they give it, and puts it to use. */
export const startRenewing = (options: RenewingOptions): Renewing => {
  const { clock, random, logger, agent } = options;
  const stop = new AbortController();
  const certificates = newCertificates(options);
  const keeper = new CertificateKeeper({ certificates, clock, random, logger });
  void keeper.run(stop.signal);
  agent.watchCluster((news) => keeper.heard(news));
  return {
    current: () => certificates.current(),
    stop: () => stop.abort(new Error("the membership ends")),
  };
};
