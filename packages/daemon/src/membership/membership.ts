import { networkInterfaces } from "node:os";
import type { Diagnostics } from "@skein/agent";
import { assert, messageOf, OperationError } from "@skein/base";
import { DEFAULT_DATA_PATH_PORT } from "@skein/manager";
import type { Credentials } from "@skein/platform";
import type { RestoreRequest, SwarmInitRequest, SwarmJoinRequest } from "@skein/wire";
import { joinAsNode } from "../agent/join.ts";
import { resolveAddresses, resolveListenAddr } from "./addresses.ts";
import { whyNotLeave, withdrawFromQuorum } from "./leaving.ts";
import { checkForced, forcedAddresses, standingOf } from "./forcing.ts";
import { joinedState, planJoin } from "./joining.ts";
import { newCluster } from "./new-cluster.ts";
import { KeyFiles } from "./key-files.ts";
import type { MembershipState } from "./membership-state.ts";
import { Member } from "./member.ts";
import type { Beginning, MemberDependencies } from "./member.ts";
import type { LocalState } from "./local-state.ts";
import {
  checkBelongs,
  finishLeaving,
  readLocalState,
  removeLocalState,
  setAsideRemains,
  wipeMembership,
} from "./local-state.ts";
import type { NeededPorts } from "./port-checks.ts";
import { askDataPathPort, refuseHeldPorts } from "./port-checks.ts";
import { checkInitRequest } from "./requests.ts";
import { restoredCluster } from "./restoring.ts";
import {
  alreadyInSwarm,
  joinTimedOut,
  lockedLeaves,
  notLocked,
  notPartOfSwarm,
  removedFromCluster,
} from "./texts.ts";

export interface MembershipOptions {
  readonly dataDir: string;
}

export interface MembershipDependencies extends Omit<MemberDependencies, "dataDir" | "onRemoved"> {
  /** Looks which programs hold the ports that a member needs. */
  readonly diagnostics: Diagnostics;
}

export type { MembershipState } from "./membership-state.ts";

/** How long init and join wait for this node to be ready (behaviour.md, section 25). */
const READY_MS = 20_000;

/** The pause before a membership that could not be taken up is tried again. */
const RESUME_RETRY_MS = 5000;

/**
 * This node's membership in a cluster: `swarm init`, `join` and `leave`, and coming back after a
 * restart of the daemon. One of them runs at a time.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #deps: MembershipDependencies;
  #state: MembershipState = { kind: "inactive" };
  #busy: Promise<unknown> = Promise.resolve();
  readonly #ending = new AbortController();

  constructor(options: MembershipOptions, dependencies: MembershipDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  get state(): MembershipState {
    return this.#state;
  }

  /**
   * Takes up the membership that the data directory tells of. Never rejects for its sake: what is
   * wrong becomes the state, and what may pass by itself (a port in use) is tried again.
   */
  resume(): Promise<void> {
    return this.#exclusively(() => this.#resume());
  }

  async #resume(): Promise<void> {
    const { dataDir } = this.#options;
    let local: LocalState | undefined;
    try {
      await finishLeaving(dataDir);
      local = await readLocalState(dataDir);
      if (!local) {
        const aside = await setAsideRemains(dataDir, this.#deps.clock.now());
        if (aside !== undefined)
          this.#deps.logger.warn("found state without a membership, and set it aside", { aside });
        return;
      }
      this.#state = { kind: "pending", local };
      const opened = await KeyFiles.open(dataDir);
      if (opened.kind === "open") checkBelongs(local, opened.credentials.identity, dataDir);
      if (opened.kind === "locked") await this.#lock(local);
      else await this.#run({ local, ...opened });
    } catch (error) {
      this.#deps.logger.error("membership not resumed", { reason: messageOf(error) });
      this.#state = { kind: "error", local, message: messageOf(error) };
      if (isTemporary(error)) void this.#resumeLater();
    }
  }

  async #resumeLater(): Promise<void> {
    try {
      await this.#deps.clock.sleep(RESUME_RETRY_MS, this.#ending.signal);
    } catch {
      return; // the daemon ends
    }
    await this.#exclusively(async () => {
      if (this.#state.kind === "error") await this.#resume();
    });
  }

  /** The keys are out of reach: this node's tasks go on as they are until somebody unlocks it. */
  async #lock(local: LocalState): Promise<void> {
    const agent = await this.#deps.startAgent({
      local,
      credentials: undefined,
      isManager: () => true,
      onRemoved: () => {
        // Without credentials no manager speaks to it.
      },
    });
    this.#state = { kind: "locked", local, agent };
    this.#deps.logger.warn("the manager is locked", { nodeId: local.nodeId });
  }

  /**
   * Opens a locked manager's keys, and takes up the membership. Rejects (unauthorized) when the key is
   * wrong and (invalid-parameter) when it is none; the manager then stays locked.
   */
  unlock(unlockKey: string): Promise<void> {
    return this.#exclusively(async () => {
      const state = this.#state;
      if (state.kind !== "locked") throw notLocked();
      const opened = await KeyFiles.open(this.#options.dataDir, unlockKey);
      assert(opened.kind === "open", "an unlock key was accepted but opens nothing");
      await state.agent.stop({ leaving: false });
      this.#state = { kind: "pending", local: state.local };
      try {
        await this.#run({ local: state.local, ...opened });
      } catch (error) {
        await this.#lock(state.local);
        throw error;
      }
    });
  }

  /**
   * Makes a new cluster with this node as its manager, or has it go on as the only manager of the one
   * that it is in. Resolves to the node's id.
   */
  init(request: SwarmInitRequest): Promise<string> {
    return this.#exclusively(async () => {
      if (request.ForceNewCluster && this.#state.kind !== "inactive") return this.#force(request);
      this.#refuseMember();
      checkInitRequest(request);
      const addresses = resolveAddresses(request, networkInterfaces());
      await this.#refuseHeldPorts({
        listen: resolveListenAddr(addresses.listenAddr, networkInterfaces()),
        dataPathPort: request.DataPathPort > 0 ? request.DataPathPort : DEFAULT_DATA_PATH_PORT,
      });
      const { bootstrap, credentials } = await newCluster(
        request,
        addresses.advertiseAddr,
        this.#deps,
      );
      const local: LocalState = {
        format: 1,
        ...addresses,
        nodeId: credentials.identity.nodeId,
        clusterId: bootstrap.id,
        role: "manager",
        remotes: [addresses.advertiseAddr],
        ...(this.#deps.externalStore ? { state: "external" } : {}),
      };
      await this.#begin({ local, credentials, bootstrap });
      return local.nodeId;
    });
  }

  /** The other managers are lost for good. When it fails, all is as it was. */
  async #force(request: SwarmInitRequest): Promise<string> {
    checkForced(request);
    const former = this.#state;
    const standing = await standingOf(former, this.#options.dataDir);
    const local = { ...standing.local, ...forcedAddresses(request, standing.local) };
    if (former.kind === "active") await former.active.stop({ leaving: false });
    this.#state = { kind: "pending", local };
    try {
      const member = await this.#run({ ...standing, local, alone: true });
      await member.settle();
    } catch (error) {
      this.#deps.logger.error("the cluster was not forced", { reason: messageOf(error) });
      await this.#run(standing).catch((reason: unknown) => {
        this.#state = { kind: "error", local: standing.local, message: messageOf(reason) };
      });
      throw error;
    }
    this.#deps.logger.warn("this is the cluster's only manager now", { nodeId: local.nodeId });
    return local.nodeId;
  }

  /**
   * Makes this node, which is in no cluster, the only manager of the one in a backup. Resolves to the
   * node's id. Rejects as `restoredCluster` does; nothing of it stays then.
   */
  restore(request: RestoreRequest): Promise<string> {
    return this.#exclusively(async () => {
      this.#refuseMember();
      const { beginning, dataPathPort } = await restoredCluster(request, this.#deps);
      const { listenAddr, nodeId } = beginning.local;
      const listen = resolveListenAddr(listenAddr, networkInterfaces());
      await this.#refuseHeldPorts({ listen, dataPathPort });
      await this.#begin(beginning);
      return nodeId;
    });
  }

  /** Joins the cluster of a token, through any of the managers that are named. */
  join(request: SwarmJoinRequest): Promise<void> {
    return this.#exclusively(async () => {
      this.#refuseMember();
      const plan = planJoin(request);
      const { addresses, remotes } = plan;
      const dataPathPort = await askDataPathPort(remotes, this.#deps.logger);
      await this.#refuseHeldPorts(dataPathPort === undefined ? {} : { dataPathPort });
      this.#state = { kind: "pending", local: undefined };
      let credentials: Credentials;
      try {
        credentials = await joinAsNode(
          {
            remotes,
            token: request.JoinToken,
            dataDir: this.#options.dataDir,
            listen: resolveListenAddr(addresses.listenAddr, networkInterfaces()),
            advertiseAddr: addresses.advertiseAddr,
            externalStore: this.#deps.externalStore !== undefined,
          },
          { ...this.#deps, timeoutMs: READY_MS },
        );
      } catch (error) {
        this.#state = { kind: "inactive" };
        await wipeMembership(this.#options.dataDir);
        throw error;
      }
      const local = joinedState(plan, credentials);
      const { Availability: availability } = request;
      await this.#begin({ local, credentials, ...(availability === "" ? {} : { availability }) });
    });
  }

  /** Leaves: this node's tasks are removed, and everything that it knew of the cluster. */
  leave(force: boolean): Promise<void> {
    return this.#exclusively(async () => {
      const state = this.#state;
      if (state.kind === "inactive") throw notPartOfSwarm();
      if (state.kind === "locked") {
        if (!force) throw lockedLeaves();
        await state.agent.stop({ leaving: true });
      }
      if (state.kind === "active") {
        const { manager } = state.active;
        if (manager && !force) throw await whyNotLeave(manager.store, this.#deps.clock);
        await withdrawFromQuorum(state.active, this.#deps);
        await state.active.stop({ leaving: true });
      }
      await removeLocalState(this.#options.dataDir);
      this.#state = { kind: "inactive" };
      this.#deps.logger.info("left the cluster");
    });
  }

  /** The daemon ends: everything stops, tasks go on. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error("the daemon ends"));
    await this.#exclusively(async () => {
      if (this.#state.kind === "active") await this.#state.active.stop({ leaving: false });
      if (this.#state.kind === "locked") await this.#state.agent.stop({ leaving: false });
    });
  }

  #refuseHeldPorts(needed: NeededPorts): Promise<void> {
    return refuseHeldPorts(this.#deps.diagnostics, needed, this.#deps.logger);
  }

  #refuseMember(): void {
    if (this.#state.kind !== "inactive") throw alreadyInSwarm();
  }

  /** The first run of a membership: on failure nothing of it stays. */
  async #begin(first: Omit<Beginning, "files">): Promise<void> {
    const { dataDir } = this.#options;
    this.#state = { kind: "pending", local: first.local };
    try {
      const files = KeyFiles.forNewNode(dataDir);
      await files.saveCredentials(first.credentials);
      const member = await this.#run({ ...first, files });
      await member.settle();
      await this.#awaitReady(member);
    } catch (error) {
      // A node that is in, but not ready in time, stays in.
      if (isTimeout(error)) throw error;
      const { state } = this;
      if (state.kind === "active") await state.active.stop({ leaving: true });
      this.#state = { kind: "inactive" };
      await removeLocalState(dataDir);
      throw error;
    }
  }

  async #run(beginning: Beginning): Promise<Member> {
    const { dataDir } = this.#options;
    const member = await Member.start(beginning, {
      ...this.#deps,
      dataDir,
      onRemoved: (removed) => void this.#removed(removed),
    });
    this.#state = { kind: "active", active: member };
    return member;
  }

  /**
   * This node was removed from its cluster: its tasks run elsewhere, so its containers must go. The
   * membership stays as an error until somebody leaves, as a hint to whoever looks why.
   */
  #removed(member: Member): Promise<void> {
    return this.#exclusively(async () => {
      const state = this.#state;
      if (state.kind !== "active" || state.active !== member) return;
      const { local } = member;
      this.#deps.logger.error("this node was removed from its cluster", { nodeId: local.nodeId });
      await member.stop({ leaving: true });
      this.#state = { kind: "error", local, message: removedFromCluster(local.nodeId) };
    }).catch((error: unknown) => {
      this.#deps.logger.error("removal not carried out", { reason: messageOf(error) });
    });
  }

  async #awaitReady(member: Member): Promise<void> {
    const { clock } = this.#deps;
    const waited = new AbortController();
    const late = clock.sleep(READY_MS, waited.signal).then(
      () => "late" as const,
      () => "ready" as const,
    );
    const outcome = await Promise.race([member.ready().then(() => "ready" as const), late]);
    waited.abort();
    if (outcome === "late") throw joinTimedOut();
  }

  #exclusively<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.#busy.then(operation);
    this.#busy = run.catch(() => {
      // Whoever asked is told; the next operation goes ahead.
    });
    return run;
  }
}

const isTemporary = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "unavailable";

const isTimeout = (error: unknown): boolean =>
  error instanceof OperationError && error.message === joinTimedOut().message;
