import { networkInterfaces } from "node:os";
import type { Clock, Logger, Random } from "@skein/base";
import { assert, messageOf, newId, OperationError } from "@skein/base";
import { DEFAULT_ADDR_POOL, DEFAULT_DATA_PATH_PORT, DEFAULT_SUBNET_SIZE } from "@skein/manager";
import type { NewCluster } from "@skein/manager";
import type { Credentials } from "@skein/platform";
import {
  createRootAuthority,
  formatUnlockKey,
  issueOwnCredentials,
  newJoinToken,
  newSigner,
  newUnlockKey,
} from "@skein/platform";
import type { NodeAvailability, SwarmInitRequest, SwarmJoinRequest } from "@skein/wire";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import { startManager } from "../manager/manager-runtime.ts";
import type { AgentRuntime, AgentStarter } from "../agent/agent-runtime.ts";
import { joinAsNode } from "../agent/join.ts";
import {
  CLUSTER_PORT,
  formatHostPort,
  resolveAdvertiseAddr,
  resolveDataPathAddr,
  resolveListenAddr,
  splitHostPort,
} from "./addresses.ts";
import { KeyFiles } from "./key-files.ts";
import type { LocalState } from "./local-state.ts";
import {
  finishLeaving,
  readLocalState,
  removeLocalState,
  setAsideRemains,
  wipeMembership,
  writeLocalState,
} from "./local-state.ts";
import { startRenewing } from "./renewing.ts";
import { checkInitRequest, checkJoinRequest } from "./requests.ts";
import { startSealing } from "./sealing.ts";
import type { Sealing } from "./sealing.ts";
import { initialSwarmSpec } from "./swarm-spec.ts";
import {
  alreadyInSwarm,
  joinTimedOut,
  lastManagerLeaves,
  lockedLeaves,
  notLocked,
  notPartOfSwarm,
  removedFromCluster,
} from "./texts.ts";

export interface MembershipOptions {
  readonly dataDir: string;
}

export interface MembershipDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly startAgent: AgentStarter;
  /** Told of each manager that begins to run here. */
  readonly onManager: (manager: ManagerRuntime) => void;
}

/** What runs while this node is in a cluster. */
export interface ActiveMembership {
  readonly local: LocalState;
  readonly manager: ManagerRuntime | undefined;
  readonly agent: AgentRuntime;
  readonly stopRenewing: () => void;
  /** On managers. */
  readonly sealing: Sealing | undefined;
}

/** What a run of a membership begins with. */
interface Beginning {
  readonly files: KeyFiles;
  readonly bootstrap?: NewCluster;
  readonly Availability?: NodeAvailability;
}

/** Where this node stands; the names are Docker's LocalNodeState. */
export type MembershipState =
  | { readonly kind: "inactive" }
  | { readonly kind: "pending"; readonly local: LocalState | undefined }
  | { readonly kind: "active"; readonly active: ActiveMembership }
  | { readonly kind: "locked"; readonly local: LocalState; readonly agent: AgentRuntime }
  | { readonly kind: "error"; readonly local: LocalState | undefined; readonly message: string };

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
      if (opened.kind === "locked") await this.#lock(local);
      else await this.#run(local, opened.credentials, opened);
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
      onRemoved: () => void this.#removed(local),
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
        await this.#run(state.local, opened.credentials, opened);
      } catch (error) {
        await this.#lock(state.local);
        throw error;
      }
    });
  }

  /** Makes a new cluster with this node as its manager. Resolves to the node's id. */
  init(request: SwarmInitRequest): Promise<string> {
    return this.#exclusively(async () => {
      this.#refuseMember();
      checkInitRequest(request);
      const addresses = resolveAddresses(request);
      const { bootstrap, credentials } = await this.#newCluster(request, addresses.advertiseAddr);
      const local: LocalState = {
        format: 1,
        ...addresses,
        nodeId: credentials.identity.nodeId,
        clusterId: bootstrap.id,
        role: "manager",
        remotes: [addresses.advertiseAddr],
      };
      await this.#begin(local, credentials, { bootstrap });
      return local.nodeId;
    });
  }

  /** Joins the cluster of a token, through any of the managers that are named. */
  join(request: SwarmJoinRequest): Promise<void> {
    return this.#exclusively(async () => {
      this.#refuseMember();
      checkJoinRequest(request);
      const addresses = resolveAddresses(request);
      const remotes = request.RemoteAddrs.map((remote) => {
        const parts = splitHostPort(remote, CLUSTER_PORT);
        if (!parts) throw new OperationError("invalid-parameter", `invalid address "${remote}"`);
        return formatHostPort(parts);
      });
      const { clock, logger } = this.#deps;
      this.#state = { kind: "pending", local: undefined };
      let credentials: Credentials;
      try {
        credentials = await joinAsNode(
          { remotes, token: request.JoinToken, dataDir: this.#options.dataDir },
          { clock, logger, timeoutMs: READY_MS },
        );
      } catch (error) {
        this.#state = { kind: "inactive" };
        await wipeMembership(this.#options.dataDir);
        throw error;
      }
      const { nodeId, clusterId, role } = credentials.identity;
      const local: LocalState = { format: 1, ...addresses, nodeId, clusterId, role, remotes };
      const { Availability } = request;
      await this.#begin(local, credentials, Availability === "" ? {} : { Availability });
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
        if (state.active.manager && !force) throw lastManagerLeaves();
        await this.#stop(state.active, true);
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
      if (this.#state.kind === "active") await this.#stop(this.#state.active, false);
      if (this.#state.kind === "locked") await this.#state.agent.stop({ leaving: false });
    });
  }

  #refuseMember(): void {
    if (this.#state.kind !== "inactive") throw alreadyInSwarm();
  }

  async #newCluster(
    request: SwarmInitRequest,
    advertiseAddr: string,
  ): Promise<{ readonly bootstrap: NewCluster; readonly credentials: Credentials }> {
    const { clock, random } = this.#deps;
    const now = clock.now();
    const rootCa = await createRootAuthority(now);
    const identity = { nodeId: newId(random), role: "manager", clusterId: newId(random) } as const;
    const spec = initialSwarmSpec(request.Spec, request.AutoLockManagers);
    const lifetimeMs = (spec.CAConfig.NodeCertExpiry ?? 0) / 1e6;
    const signer = await newSigner(rootCa);
    const content = { identity, now, lifetimeMs };
    const credentials = await issueOwnCredentials(signer, rootCa.certificate, content);
    const availability: NodeAvailability = request.Availability || "active";
    const [pool, size] = [request.DefaultAddrPool, request.SubnetSize];
    const bootstrap: NewCluster = {
      id: identity.clusterId,
      spec,
      rootCa,
      joinTokens: {
        worker: newJoinToken(rootCa.certificate, random),
        manager: newJoinToken(rootCa.certificate, random),
      },
      unlockKey: spec.EncryptionConfig.AutoLockManagers
        ? formatUnlockKey(newUnlockKey(random))
        : "",
      defaultAddrPool: pool.length > 0 ? pool : DEFAULT_ADDR_POOL,
      subnetSize: size > 0 ? size : DEFAULT_SUBNET_SIZE,
      dataPathPort: request.DataPathPort > 0 ? request.DataPathPort : DEFAULT_DATA_PATH_PORT,
      firstNode: {
        id: identity.nodeId,
        role: "manager",
        availability,
        managerAddr: advertiseAddr,
      },
      newId: () => newId(random),
    };
    return { bootstrap, credentials };
  }

  /** The first run of a membership: on failure nothing of it stays. */
  async #begin(
    local: LocalState,
    credentials: Credentials,
    first: Omit<Beginning, "files">,
  ): Promise<void> {
    const { dataDir } = this.#options;
    this.#state = { kind: "pending", local };
    try {
      const files = KeyFiles.forNewNode(dataDir);
      await files.saveCredentials(credentials);
      const active = await this.#run(local, credentials, { ...first, files });
      await writeLocalState(dataDir, local);
      await active.sealing?.settled();
      await this.#awaitReady(active);
    } catch (error) {
      // A node that is in, but not ready in time, stays in.
      if (isTimeout(error)) throw error;
      const { state } = this;
      if (state.kind === "active") await this.#stop(state.active, true);
      this.#state = { kind: "inactive" };
      await removeLocalState(dataDir);
      throw error;
    }
  }

  async #run(
    local: LocalState,
    credentials: Credentials,
    first: Beginning,
  ): Promise<ActiveMembership> {
    const { dataDir } = this.#options;
    const { files, bootstrap } = first;
    const { clock, logger, random } = this.#deps;
    const manager =
      local.role === "manager"
        ? await startManager(
            {
              dataDir,
              key: await (bootstrap ? files.createDataKey(random) : files.dataKey()),
              listen: resolveListenAddr(local.listenAddr, networkInterfaces()),
              credentials,
              ...(bootstrap ? { bootstrap } : {}),
            },
            this.#deps,
          )
        : undefined;
    let agent: AgentRuntime;
    try {
      agent = await this.#deps.startAgent({
        local,
        credentials,
        ...(first.Availability === undefined ? {} : { availability: first.Availability }),
        onRemoved: () => void this.#removed(local),
      });
    } catch (error) {
      await manager?.stop();
      throw error;
    }
    const stopRenewing = startRenewing({ ...this.#deps, files, credentials, manager, agent });
    const sealing = manager && startSealing({ store: manager.store, files, clock, logger });
    const active: ActiveMembership = { local, manager, agent, stopRenewing, sealing };
    this.#state = { kind: "active", active };
    if (manager) this.#deps.onManager(manager);
    this.#deps.logger.info("member of a cluster", { nodeId: local.nodeId, role: local.role });
    return active;
  }

  /**
   * This node was removed from its cluster: its tasks run elsewhere, so its containers must go. The
   * membership stays as an error until somebody leaves, as a hint to whoever looks why.
   */
  #removed(local: LocalState): Promise<void> {
    return this.#exclusively(async () => {
      const state = this.#state;
      if (state.kind !== "active" || state.active.local !== local) return;
      this.#deps.logger.error("this node was removed from its cluster", { nodeId: local.nodeId });
      await this.#stop(state.active, true);
      this.#state = { kind: "error", local, message: removedFromCluster(local.nodeId) };
    }).catch((error: unknown) => {
      this.#deps.logger.error("removal not carried out", { reason: messageOf(error) });
    });
  }

  async #awaitReady({ agent }: ActiveMembership): Promise<void> {
    const { clock } = this.#deps;
    const waited = new AbortController();
    const late = clock.sleep(READY_MS, waited.signal).then(
      () => "late" as const,
      () => "ready" as const,
    );
    const outcome = await Promise.race([agent.ready.then(() => "ready" as const), late]);
    waited.abort();
    if (outcome === "late") throw joinTimedOut();
  }

  async #stop(active: ActiveMembership, leaving: boolean): Promise<void> {
    active.stopRenewing();
    await active.sealing?.stop();
    await active.agent.stop({ leaving });
    await active.manager?.stop();
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

const resolveAddresses = (
  request: Pick<SwarmInitRequest, "ListenAddr" | "AdvertiseAddr" | "DataPathAddr">,
): Pick<LocalState, "listenAddr" | "advertiseAddr" | "dataPathAddr"> => {
  const interfaces = networkInterfaces();
  const listen = resolveListenAddr(request.ListenAddr, interfaces);
  const advertise = resolveAdvertiseAddr(request.AdvertiseAddr, listen, interfaces);
  const dataPathAddr = resolveDataPathAddr(request.DataPathAddr, advertise, interfaces);
  return {
    listenAddr: formatHostPort(listen),
    advertiseAddr: formatHostPort(advertise),
    dataPathAddr,
  };
};
