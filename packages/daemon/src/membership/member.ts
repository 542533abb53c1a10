import { networkInterfaces } from "node:os";
import type { Clock, Logger, Random } from "@skein/base";
import { messageOf } from "@skein/base";
import type { NewCluster } from "@skein/manager";
import type { Credentials, Endpoints, MemberSettings } from "@skein/platform";
import type { LoadedState } from "@skein/store";
import type { NodeAvailability } from "@skein/wire";
import type { AgentRuntime, AgentStarter } from "../agent/agent-runtime.ts";
import type { ManagerOptions, StateSource } from "../manager/manager-options.ts";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import { ManagerSeat } from "../manager/manager-seat.ts";
import type { StateKind } from "../manager/state/state-home.ts";
import { resolveListenAddr } from "./addresses.ts";
import type { KeyFiles } from "./key-files.ts";
import type { LocalState } from "./local-state.ts";
import { wipeManager, writeLocalState } from "./local-state.ts";
import { startRenewing } from "./renewing.ts";
import type { Renewing } from "./renewing.ts";
import { startSealing } from "./sealing.ts";
import type { Sealing } from "./sealing.ts";

export interface MemberDependencies {
  readonly dataDir: string;
  readonly settings: MemberSettings;
  /** Where managers keep the state instead of in an etcd of theirs. */
  readonly externalStore?: Endpoints | undefined;
  /** How long one key of encrypted networks is used, in ms; 12 hours unless given. */
  readonly networkKeyPeriodMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly startAgent: AgentStarter;
  /** Told of each manager that begins to run here. */
  readonly onManager: (manager: ManagerRuntime) => void;
  /** The managers say that this node was removed from the cluster. */
  readonly onRemoved: (member: Member) => void;
}

/** What a run of a membership begins with. */
export interface Beginning {
  readonly local: LocalState;
  readonly credentials: Credentials;
  readonly files: KeyFiles;
  /** Given by `swarm init`. */
  readonly bootstrap?: NewCluster;
  /** What the node asked for when it joined. */
  readonly availability?: NodeAvailability;
  /** The other managers are lost for good: it is the only one from now on. */
  readonly alone?: boolean;
  /** What the state of the only manager begins with. */
  readonly restore?: LoadedState;
}

/** How long a manager that is to be the only one may take to start, in milliseconds. */
const ALONE_MS = 60_000;

/**
 * This node while it is in a cluster: its agent, its certificate, and, when it is to be a manager, the
 * manager. Follows the role that the managers give it, while it runs.
 */
export class Member {
  readonly #deps: MemberDependencies;
  readonly #begin: Beginning;
  #local: LocalState;
  #agent: AgentRuntime | undefined;
  #seat: ManagerSeat | undefined;
  #sealing: Sealing | undefined;
  #renewing: Renewing | undefined;
  #changing: Promise<void> = Promise.resolve();
  #stopped = false;
  #alone: boolean;

  private constructor(beginning: Beginning, dependencies: MemberDependencies) {
    this.#begin = beginning;
    this.#alone = beginning.alone === true;
    this.#local = beginning.local;
    this.#deps = dependencies;
  }

  /**
   * Takes up a membership. A manager whose state is on this disk alone runs when this resolves; one
   * among several, when it can. Rejects, with nothing running, when the former does not start, or the agent.
   */
  static async start(beginning: Beginning, dependencies: MemberDependencies): Promise<Member> {
    const member = new Member(beginning, dependencies);
    try {
      await member.#start();
      return member;
    } catch (error) {
      await member.stop({ leaving: false });
      throw error;
    }
  }

  get local(): LocalState {
    return this.#local;
  }

  get agent(): AgentRuntime {
    if (!this.#agent) throw new Error("bug: a member without agent");
    return this.#agent;
  }

  /** The manager, when it runs here. */
  get manager(): ManagerRuntime | undefined {
    return this.#seat?.runtime;
  }

  /** Keeps a manager's key files as the cluster wants them. */
  get sealing(): Sealing | undefined {
    return this.#sealing;
  }

  /** Why a node that is to be a manager does not act as one yet. */
  get managerProblem(): string | undefined {
    return this.#seat?.problem;
  }

  /** Resolves when the node has tasks from a manager, and, if it is to be one, acts as one. */
  async ready(): Promise<void> {
    await this.agent.ready;
    while (this.#local.role === "manager" && !this.manager && !this.#stopped)
      await this.#deps.clock.sleep(READY_POLL_MS);
    await this.#sealing?.settled();
  }

  /** What it would begin with if it were started anew now. */
  standing(): Pick<Beginning, "local" | "credentials" | "files"> {
    const { files, credentials } = this.#begin;
    return {
      local: this.#local,
      credentials: this.#renewing?.current() ?? credentials,
      files,
    };
  }

  /** Writes the membership down: from now on it is taken up again after a restart. */
  settle(): Promise<void> {
    return writeLocalState(this.#deps.dataDir, this.#local);
  }

  /** Stops everything; when leaving, the managers are told and this node's containers go. */
  async stop(how: { readonly leaving: boolean }): Promise<void> {
    this.#stopped = true;
    this.#renewing?.stop();
    await this.#changing;
    await this.#sealing?.stop();
    await this.#agent?.stop(how);
    await this.#seat?.stop();
  }

  async #start(): Promise<void> {
    const { startAgent, logger, onRemoved } = this.#deps;
    const { credentials, availability } = this.#begin;
    const isManager = this.#local.role === "manager";
    if (isManager && this.#begin.alone === true) await this.#startAlone();
    else if (isManager && (stateOf(this.#local) === "lmdb" || this.#begin.bootstrap))
      await this.#newSeat().startNow();
    this.#agent = await startAgent({
      local: this.#local,
      credentials,
      isManager: () => this.#local.role === "manager",
      ...(availability === undefined ? {} : { availability }),
      onRemoved: () => onRemoved(this),
    });
    this.#renewing = startRenewing({
      ...this.#deps,
      files: this.#begin.files,
      credentials,
      manager: () => this.manager,
      agent: this.#agent,
      onRenewed: (renewed) => this.#renewed(renewed),
    });
    if (isManager && !this.#seat) this.#newSeat().start();
    const { nodeId, role } = this.#local;
    logger.info("member of a cluster", { nodeId, role });
    this.#renewed(credentials);
  }

  /** A certificate shows the role that this node has. */
  #renewed({ identity: { role } }: Credentials): void {
    this.#changing = this.#changing
      .then(() => (this.#stopped || role === this.#local.role ? undefined : this.#become(role)))
      .catch((error: unknown) => {
        this.#deps.logger.error("role not changed", { role, reason: messageOf(error) });
      });
  }

  async #become(role: LocalState["role"]): Promise<void> {
    const { logger, dataDir } = this.#deps;
    logger.info("this node changes its role", { role });
    if (role === "manager") {
      await this.#note({ role, state: "joining" });
      this.#newSeat().start();
      return;
    }
    await this.#sealing?.stop();
    this.#sealing = undefined;
    await this.#seat?.stop();
    this.#seat = undefined;
    await this.#note({ role, state: undefined });
    await wipeManager(dataDir);
  }

  /** It is done once: over restarts and changes of its role this manager is like any other. */
  async #startAlone(): Promise<void> {
    await this.#newSeat().startNow(AbortSignal.timeout(ALONE_MS));
    this.#alone = false;
  }

  #newSeat(): ManagerSeat {
    const { clock, logger, onManager } = this.#deps;
    const { files } = this.#begin;
    const seat = new ManagerSeat(
      () => this.#managerOptions(),
      this.#deps,
      (manager) => {
        this.#sealing = startSealing({ store: manager.store, files, clock, logger });
        this.#followLeader(manager);
        onManager(manager);
      },
    );
    this.#seat = seat;
    return seat;
  }

  /** The manager here knows of a new leader long before the agent misses the old one. */
  #followLeader({ candidate, store }: ManagerRuntime): void {
    candidate.watch(() => {
      const { leaderId } = candidate;
      const addr = leaderId && store.view.get("nodes", leaderId)?.managerAddr;
      if (addr) this.#agent?.leaderIs(addr);
    });
  }

  async #managerOptions(): Promise<ManagerOptions> {
    const { dataDir, settings, externalStore } = this.#deps;
    const { listenAddr, advertiseAddr } = this.#local;
    return {
      dataDir,
      settings,
      externalStore,
      source: await this.#source(),
      listen: resolveListenAddr(listenAddr, networkInterfaces()),
      advertiseAddr,
      alone: this.#alone,
      credentials: this.#renewing?.current() ?? this.#begin.credentials,
      settle: (state) => this.#note({ state }),
    };
  }

  async #source(): Promise<StateSource> {
    const { files, bootstrap, restore } = this.#begin;
    const kind = stateOf(this.#local);
    if (kind === "joining")
      return {
        kind,
        remotes: () => this.agent.remotes(),
        keepKey: (key) => files.useDataKey(key),
      };
    if (kind === "etcd" || (bootstrap ?? restore) === undefined)
      return { kind, key: await files.dataKey() };
    const key = await files.createDataKey(this.#deps.random);
    return { kind, key, ...(bootstrap ? { bootstrap } : {}), ...(restore ? { restore } : {}) };
  }

  /** Changes what is known of this membership, here and on the disk if it is there already. */
  async #note(change: {
    readonly role?: LocalState["role"];
    readonly state?: StateKind | undefined;
  }): Promise<void> {
    const { state: _, ...rest } = this.#local;
    const { state } = change;
    const local: LocalState = { ...rest, ...(change.role ? { role: change.role } : {}) };
    this.#local = state === undefined ? local : { ...local, state };
    await this.settle();
  }
}

const READY_POLL_MS = 20;

const stateOf = ({ state }: LocalState): StateKind => state ?? "lmdb";
