import { join } from "node:path";
import type { AgentDependencies, ClusterNews, Templates } from "@skein/agent";
import { createAgent } from "@skein/agent";
import type { Clock, Logger, Random } from "@skein/base";
import { messageOf } from "@skein/base";
import { expandContainer, expandFile } from "@skein/model";
import { DEFAULT_DATA_PATH_PORT } from "@skein/manager";
import type { ManagerAddress } from "@skein/model";
import { checkEtcdBinary, newEngineExecutor, nodeTlsInfo } from "@skein/platform";
import type { EngineExecutor } from "@skein/platform";
import type { DaemonOptions } from "../options.ts";
import type { AgentRuntime, AgentStart, AgentStarter } from "./agent-runtime.ts";
import { newManagerDialer } from "./manager-dialer.ts";
import { newNetworkingParts } from "./networking-parts.ts";
import { openAgentStores } from "./task-store.ts";

export interface AgentStarterOptions {
  readonly options: Pick<DaemonOptions, "dataDir" | "runDir">;
  readonly engineSocket: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** This node's checks, for managers that ask. */
  readonly examine: NonNullable<AgentDependencies["examine"]>;
}

const READY_POLL_MS = 20;

const templates: Templates = { expandContainer, expandFile };

const hostOf = (address: string): string => address.replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");

/** Makes what starts this node's agents: one executor for the engine, an agent per membership. */
export const newAgentStarter = (
  dependencies: AgentStarterOptions,
): { readonly starter: AgentStarter; readonly executor: EngineExecutor } => {
  const { options, engineSocket } = dependencies;
  const executor = newEngineExecutor(
    { socketPath: engineSocket, filesDir: join(options.runDir, "files") },
    dependencies,
  );
  return { executor, starter: (start) => startAgent(start, executor, dependencies) };
};

const startAgent = async (
  start: AgentStart,
  executor: EngineExecutor,
  dependencies: AgentStarterOptions,
): Promise<AgentRuntime> => {
  const { clock, random, logger, options } = dependencies;
  const { local, availability, onRemoved, isManager } = start;
  let { credentials } = start;
  let managers: readonly ManagerAddress[] = local.remotes.map((addr) => ({ nodeId: "", addr }));
  let newest: ClusterNews | undefined;
  const listeners: ((news: ClusterNews) => void)[] = [];
  const stores = await openAgentStores(options.dataDir, { random, logger });
  if ((await stores.remotes.load()).length === 0) await stores.remotes.save(managers);
  else managers = await stores.remotes.load();
  const agent = createAgent(
    {
      nodeId: local.nodeId,
      addr: hostOf(local.advertiseAddr),
      managerAddr: () => (isManager() ? local.advertiseAddr : undefined),
      etcd: () => checkEtcdBinary().catch(() => undefined),
    },
    {
      clock,
      random,
      logger,
      executor,
      templates,
      tasks: stores.tasks,
      networking: newNetworkingParts({ executor, tables: stores.tables, logger }),
      remotes: stores.remotes,
      dialer: newManagerDialer({ credentials: () => credentials, availability, logger }),
      examine: dependencies.examine,
      tlsInfo: () =>
        credentials ? nodeTlsInfo(credentials.rootPem, credentials.certificatePem) : {},
      onCluster: (news: ClusterNews) => {
        if (news.managers.length > 0) managers = news.managers;
        newest = news;
        for (const listener of listeners) listener(news);
      },
      onRemoved,
    },
  );
  await agent.start();
  const stopped = new AbortController();
  const ready = async (): Promise<void> => {
    while (!agent.connected() && !stopped.signal.aborted) await clock.sleep(READY_POLL_MS);
  };
  return {
    ready: ready(),
    managers: () => managers,
    attachments: agent.attachments,
    networks: () => agent.networks(),
    networkTables: () => agent.networkTables(),
    remotes: () => managers.map(({ addr }) => addr),
    watchCluster: (listener) => {
      listeners.push(listener);
      if (newest) listener(newest);
    },
    connected: () => agent.connected(),
    networkHealth: (repair) => agent.networkHealth(repair),
    auditCounters: () => agent.auditCounters(),
    clockOffsetMs: () => agent.clockOffsetMs(),
    dataPathPort: () => agent.dataPathPort() || DEFAULT_DATA_PATH_PORT,
    credentials: () => credentials,
    leaderIs: (addr) => agent.leaderIs(addr),
    updateCredentials: (renewed) => {
      credentials = renewed;
      agent.trustChanged();
    },
    stop: async ({ leaving }) => {
      stopped.abort();
      await agent.stop({ leave: leaving });
      if (leaving)
        await agent.discard().catch((error: unknown) => {
          // The engine may be gone for good; leaving must still be possible.
          logger.warn("containers were left behind", { reason: messageOf(error) });
        });
      await stores.close();
    },
  };
};
