import type { Clock, Logger, Random } from "@skein/base";
import { messageOf } from "@skein/base";
import type { NodeDescription, TLSInfo } from "@skein/wire";
import { Attachments } from "./attachments/attachments.ts";
import type { NameRedirection, PlainContainers } from "./attachments/ports.ts";
import { ContainerMonitor } from "./engine/container-monitor.ts";
import { Reachability } from "./engine/reachability.ts";
import { DESCRIPTION_INTERVAL_MS } from "./limits.ts";
import { publishLogs } from "./logs/publisher.ts";
import type { AuditCounters } from "./networking/audit-record.ts";
import type { NetworkingDependencies } from "./networking/networking.ts";
import type { NetworkHealth } from "./doctor/network-checks.ts";
import { networkHealth } from "./doctor/network-health.ts";
import type { AnswerDependencies } from "./inquiry/answer.ts";
import { answerQuestion } from "./inquiry/answer.ts";
import type { Diagnostics } from "./inquiry/ports.ts";
import { Networking } from "./networking/networking.ts";
import type { NetworkHead } from "./network/tables/live-network.ts";
import type { LiveTables } from "./network/tables/live-tables.ts";
import { noNetworks } from "./networking/receiver.ts";
import type { Executor, ManagerDialer, RemotesStore, TaskStore, Templates } from "./ports.ts";
import type { ClusterNews, Greeting } from "./session/session.ts";
import { SessionLoop } from "./session/session-loop.ts";
import { pause } from "./shared/cancel.ts";
import type { NodeIdentity } from "./task/workload.ts";
import { Worker } from "./worker/worker.ts";

export interface AgentOptions {
  readonly nodeId: string;
  /** The address of this node as other nodes reach it; empty leaves it to the manager to find out. */
  readonly addr: string;
  /** Managers only: `host:port` of this one's cluster API, asked at each session. */
  readonly managerAddr?: () => string | undefined;
  /** The version of etcd on this host, looked for again and again. */
  readonly etcd?: () => Promise<string | undefined>;
}

export interface AgentDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly executor: Executor;
  readonly templates: Templates;
  readonly tasks: TaskStore;
  readonly remotes: RemotesStore;
  readonly dialer: ManagerDialer;
  /** What overlay networks need; absent on a node without them. */
  readonly networking?: NetworkingParts;
  /** The trust root and issuer of this node's certificate, as its description shows them. */
  readonly tlsInfo: () => TLSInfo;
  /** Answers a manager's question for this node's checks. */
  readonly examine?: AnswerDependencies["examine"];
  /** Called with what managers say of roles, managers and the root certificate. */
  readonly onCluster: (news: ClusterNews) => void;
  /** Called once when a manager says that this node was removed: it is time to stop and discard. */
  readonly onRemoved?: () => void;
}

/** The parts of a node's data plane. */
export interface NetworkingParts extends Pick<
  NetworkingDependencies,
  "dataplane" | "deriveKey" | "engine" | "tables"
> {
  readonly diagnostics: Diagnostics;
  readonly containers: PlainContainers;
  readonly redirection: NameRedirection;
  /** Makes the name server, which asks back for each name. */
  readonly newNames: (answer: Networking["resolve"]) => NetworkingDependencies["names"];
}

/** How an agent is ended. */
export interface StopOptions {
  /** Tell the manager that this node goes: its tasks are replaced at once. */
  readonly leave?: boolean;
}

/** The part of the daemon that runs this node's tasks. */
export interface Agent {
  /** Takes up the tasks known from before and begins to look for a manager. Call once. */
  start(): Promise<void>;
  /** Ends all work and sessions. Containers go on, to be adopted by the next agent. */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Call after {@link Agent.stop} when the node leaves its cluster: removes all task containers,
   * their files, and what is on disk. Rejects when the engine is not reached.
   */
  discard(): Promise<void>;
  /** It is known that the manager at this address (`host:port`) leads now: the session goes there. */
  leaderIs(addr: string): void;
  /** Tells the manager of the node's new certificate or roots. */
  trustChanged(): void;
  /** Whether some manager has a session with this node. */
  connected(): boolean;
  /** The engine answers. */
  engineUp(): boolean;
  /**
   * What is so with this node's networks; with `repair` differences are repaired. Undefined on a node
   * without a data plane. Rejects when the engine or the host's programs do not answer.
   */
  networkHealth(repair: boolean): Promise<NetworkHealth | undefined>;
  /** What the audits of its networks have found; undefined on a node without a data plane. */
  auditCounters(): AuditCounters | undefined;
  /** UDP port of VXLAN, as the managers told it; 0 before. */
  dataPathPort(): number;
  /** The manager's clock minus this node's, in ms, as far as this is known. */
  clockOffsetMs(): number | undefined;
  /** Containers outside of services on this node's networks; absent on a node without networks. */
  readonly attachments: Attachments | undefined;
  /** This node's networks, as its kernel has them. */
  networks(): readonly NetworkHead[];
  /** The newest tables of its networks; undefined on a node without a data plane. */
  networkTables(): LiveTables | undefined;
}

/** Puts an agent together. Nothing runs before {@link Agent.start}. */
export const createAgent = (options: AgentOptions, dependencies: AgentDependencies): Agent => {
  const { clock, logger, executor, tlsInfo } = dependencies;
  const stopping = new AbortController();
  const monitor = new ContainerMonitor({ executor, clock, logger });
  const reachability = new Reachability({ executor, clock, logger });
  let described: NodeDescription | undefined;
  let running: Promise<unknown> | undefined;

  const describe = async (signal: AbortSignal): Promise<NodeDescription> => {
    described = { ...(await executor.describe(signal)), TLSInfo: tlsInfo() };
    return described;
  };

  const node = async (signal: AbortSignal): Promise<NodeIdentity> => {
    const { Hostname = "", Platform } = described ?? (await describe(signal));
    return { id: options.nodeId, hostname: Hostname, platform: Platform };
  };

  const parts = dependencies.networking;
  const networking: Networking | undefined =
    parts &&
    new Networking({
      ...parts,
      nodeId: options.nodeId,
      clock,
      logger,
      names: parts.newNames(
        (client, question) => networking?.resolve(client, question) ?? { kind: "foreign" },
      ),
    });

  const attachments: Attachments | undefined =
    parts &&
    networking &&
    new Attachments({ ...parts, engine: parts.containers, networks: networking, clock, logger });
  if (attachments) monitor.onEvent(() => attachments.lookSoon());

  const worker: Worker = new Worker({
    executor,
    monitor,
    clock,
    logger,
    node,
    nodeId: options.nodeId,
    ...(networking ? { networking } : {}),
    templates: dependencies.templates,
    store: dependencies.tasks,
    report: (taskId, status) => sessions.report(taskId, status),
  });

  const answering: AnswerDependencies | undefined =
    parts && networking
      ? {
          ...parts,
          executor,
          networking,
          containerOf: (taskId) => worker.containerOf(taskId),
          examine:
            dependencies.examine ?? (() => Promise.reject(new Error("this node has no checks"))),
        }
      : undefined;

  const etcd = async (): Promise<{ readonly etcd?: string }> => {
    const version = await options.etcd?.();
    return version === undefined ? {} : { etcd: version };
  };

  const greet = async (signal: AbortSignal): Promise<Greeting> => {
    const managerAddr = options.managerAddr?.();
    const encryption = await networking?.encryption();
    return {
      description: await describe(signal),
      addr: options.addr,
      ...(managerAddr === undefined ? {} : { managerAddr }),
      ...(await etcd()),
      ...(encryption ? { encryption } : {}),
    };
  };

  const sessions: SessionLoop = new SessionLoop({
    ...dependencies,
    networks: networking ?? noNetworks,
    answer: (question) => answerQuestion(answering, question),
    ...(attachments ? { attachments } : {}),
    reachability,
    worker,
    greet,
    publish: (subscription, stream, signal) =>
      publishLogs({ executor, worker, clock }, subscription, stream, signal),
  });

  const redescribe = async (signal: AbortSignal): Promise<void> => {
    while (await pause(clock, DESCRIPTION_INTERVAL_MS, signal)) {
      if (!reachability.up) continue;
      try {
        const description = await describe(signal);
        sessions.describe({ description, ...(await etcd()) });
      } catch (error) {
        if (!signal.aborted) logger.warn("host not described", { error: messageOf(error) });
      }
    }
  };

  const run = (signal: AbortSignal): Promise<unknown> =>
    Promise.all([
      reachability.run(signal),
      monitor.run(signal),
      sessions.run(signal),
      redescribe(signal),
      networking?.run(signal),
      attachments?.run(signal),
    ]);

  return {
    start: async () => {
      await worker.restore();
      running = run(stopping.signal);
    },
    stop: async ({ leave = false } = {}) => {
      if (leave) sessions.leave();
      stopping.abort(new Error("the agent stops"));
      await running;
      await worker.stop();
    },
    discard: async () => {
      const { signal } = new AbortController();
      for (const { id, phase } of await executor.list(signal)) {
        if (phase === "running") await executor.kill(id, signal);
        await executor.remove(id, signal);
      }
      for (const taskId of await executor.listFiles()) await executor.removeFiles(taskId);
      await attachments?.discard(signal);
      await networking?.discard(signal);
      await dependencies.tasks.clear();
      await dependencies.remotes.save([]);
    },
    leaderIs: (addr) => sessions.moveTo(addr),
    trustChanged: () => {
      if (!described) return; // the first greeting will tell
      described = { ...described, TLSInfo: tlsInfo() };
      sessions.trustChanged();
    },
    connected: () => sessions.connected,
    engineUp: () => reachability.up,
    networkHealth: async (repair) =>
      parts && networking && (await networkHealth({ ...parts, networking }, repair)),
    auditCounters: () => networking?.counters,
    dataPathPort: () => networking?.tables.dataPathPort ?? 0,
    clockOffsetMs: () => sessions.clockOffsetMs,
    attachments,
    networks: () => networking?.usable ?? [],
    networkTables: () => networking?.tables,
  };
};
