import type { Agent, Attachments, ClusterNews, LiveTables, NetworkHead } from "@skein/agent";
import type { ManagerAddress } from "@skein/model";
import type { Credentials } from "@skein/platform";
import type { NodeAvailability } from "@skein/wire";
import type { LocalState } from "../membership/local-state.ts";

/** What an agent is started with. */
export interface AgentStart {
  readonly local: LocalState;
  /** None on a locked manager: its tasks go on, but it speaks to no manager. */
  readonly credentials: Credentials | undefined;
  /** Whether this node is to be a manager, at the time of the call. */
  readonly isManager: () => boolean;
  /** What the node asked for when it joined. */
  readonly availability?: NodeAvailability;
  /** Called when the managers say that this node was removed from the cluster. */
  readonly onRemoved: () => void;
}

/** The agent of this node's membership, while it runs. */
export interface AgentRuntime extends Pick<
  Agent,
  "connected" | "networkHealth" | "auditCounters" | "clockOffsetMs"
> {
  /** Resolves when the first session with a manager has brought the tasks. */
  readonly ready: Promise<void>;
  /** The managers as the agent knows them. */
  managers(): readonly ManagerAddress[];
  /** Their addresses, `host:port`. */
  remotes(): readonly string[];
  /** Calls the listener with each word of a manager on the cluster, and with the newest one now. */
  watchCluster(listener: (news: ClusterNews) => void): void;
  /** Containers outside of services on this node's networks. */
  readonly attachments: Attachments | undefined;
  /** This node's networks, as its kernel has them. */
  networks(): readonly NetworkHead[];
  /** The newest tables of its networks; undefined on a node without a data plane. */
  networkTables(): LiveTables | undefined;
  /** UDP port of VXLAN: as the managers told it, or the default. */
  dataPathPort(): number;
  /** The node's present certificate and key; undefined while they are locked. */
  credentials(): Credentials | undefined;
  /** The manager on this node knows that the one at this address leads now. */
  leaderIs(addr: string): void;
  /** Uses renewed credentials from the next connection on, and tells the managers of them. */
  updateCredentials(credentials: Credentials): void;
  /**
   * Stops. When leaving, the managers are told, and the tasks' containers are removed; otherwise the
   * containers go on.
   */
  stop(how: { readonly leaving: boolean }): Promise<void>;
}

/** Starts an agent. Rejects when the node's own state can't be read. */
export type AgentStarter = (start: AgentStart) => Promise<AgentRuntime>;
