import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { QuorumMember } from "@skein/manager";
import {
  addMember,
  addressOfPeer,
  checkEtcdBinary,
  EtcdUpkeep,
  moveMember,
  openEtcdLog,
  openLmdbLog,
  promoteMember,
  removeMember,
  startEtcdMember,
  stepAside,
  wipeMemberData,
} from "@skein/platform";
import type {
  AddedMember,
  DialPeer,
  EtcdClient,
  Endpoints,
  EtcdLog,
  EtcdMember,
  MemberEnd,
  MemberSettings,
  MemberStart,
} from "@skein/platform";
import type { LoadedState, Log } from "@skein/store";
import { MovableLog } from "@skein/store";
import { openExternalStore } from "./external-store.ts";
import type { ExternalStore } from "./external-store.ts";

/**
 * Where a manager's state is: on its own disk, on its way into a quorum, in one, or in an etcd that somebody
 * else runs.
 */
export type StateKind = "lmdb" | "joining" | "etcd" | "external";

export interface StateHomeOptions {
  readonly dataDir: string;
  readonly nodeId: string;
  readonly clusterId: string;
  /** `host:port` at which the other managers reach this one. */
  readonly address: string;
  readonly key: Uint8Array;
  readonly dialPeer: DialPeer;
  readonly settings: MemberSettings;
  /** From now on connections of other members go to `take`. */
  readonly accept: (take: (stream: Duplex) => void) => void;
  /** Makes it known for good where the state is. */
  readonly settle: (kind: StateKind) => Promise<void>;
  readonly clock: Clock;
  /** Told why a state among several managers can't be read yet, each time that is so. */
  readonly waiting?: (reason: string) => void;
  readonly logger: Logger;
}

/** Bytes the database may have: etcd advises against more. */
const QUOTA_BYTES = 8_589_934_592;
/** How long the first member may take to begin, in milliseconds. */
const FIRST_START_MS = 20_000;
/** How long a member may take until it answers, before this is tried again, in milliseconds. */
const READY_MS = 10_000;

const memberDirectory = (dataDir: string): string => join(dataDir, "etcd");

/**
 * Where this manager's state is kept: in lmdb as long as it is the only manager, from then on in etcd,
 * whose member runs below this process.
 */
export class StateHome {
  readonly #options: StateHomeOptions;
  readonly #log: MovableLog;
  #member: EtcdMember | undefined;
  #external: ExternalStore | undefined;
  #moving: Promise<void> | undefined;
  readonly #end = new AbortController();

  private constructor(options: StateHomeOptions, log: Log, member?: EtcdMember) {
    this.#options = options;
    this.#log = new MovableLog(log);
    if (member) this.#use(member);
  }

  /** The state of a cluster's only manager; a new one may begin with `restored`. Rejects as `openLmdbLog` does. */
  static async alone(options: StateHomeOptions, restored?: LoadedState): Promise<StateHome> {
    // What a move that was interrupted has left is of no use.
    await wipeMemberData(memberDirectory(options.dataDir));
    const directory = join(options.dataDir, "state");
    const log = await openLmdbLog({ directory, key: options.key });
    const home = new StateHome(options, log);
    try {
      if (restored) await log.restore(restored);
      return home;
    } catch (error) {
      await home.close();
      throw error;
    }
  }

  /**
   * The state of one manager among several, whose member is started as `start` says. Resolves when the
   * state can be read: a quorum is there. Until then it goes on trying. Rejects with the signal's
   * reason, or when the member can't run.
   */
  static async shared(
    options: StateHomeOptions,
    start: MemberStart,
    signal: AbortSignal,
  ): Promise<StateHome> {
    if (start.kind === "join") await wipeMemberData(memberDirectory(options.dataDir));
    const member = await startMember(options, start);
    try {
      return new StateHome(options, await openShared(options, member, signal), member);
    } catch (error) {
      await member.stop();
      throw error;
    }
  }

  /** The state in an etcd that somebody else runs. Rejects as `openExternalStore` does. */
  static async external(options: StateHomeOptions, endpoints: Endpoints): Promise<StateHome> {
    const external = await openExternalStore(options, endpoints);
    const home = new StateHome(options, external.log);
    home.#external = external;
    return home;
  }

  /** The etcd that somebody else runs, when the state is there. */
  get external(): EtcdClient | undefined {
    return this.#external?.client;
  }

  /** Whether its members are somebody else's care. */
  get isExternal(): boolean {
    return this.#external !== undefined;
  }

  get log(): Log {
    return this.#log;
  }

  /** The member of etcd that runs here, when the state is in etcd. */
  get member(): EtcdMember | undefined {
    return this.#member;
  }

  /** The members as etcd lists them; none while the state is in lmdb. */
  async members(): Promise<readonly QuorumMember[]> {
    const members = (await this.#member?.client.members()) ?? [];
    return members.map(({ id, name, peerUrls, isLearner }) => ({
      id,
      name,
      addr: addressOfPeer(peerUrls[0] ?? ""),
      learner: isLearner,
    }));
  }

  /** Makes sure that etcd is here. Rejects (kind `failed-precondition`) with what to install. */
  async checkCanGrow(): Promise<void> {
    if (this.#member || this.#external) return;
    await checkEtcdBinary().catch((error: unknown) => {
      throw new OperationError(
        "failed-precondition",
        `the present manager at ${this.#options.address} can't share its state with another one: ${messageOf(error)}`,
      );
    });
  }

  /**
   * Adds a member for the manager at `address`, without a vote yet. The state moves to etcd first when
   * it is not there. A member of that name or address that ran before is taken out: its data is lost.
   */
  async add(name: string, address: string): Promise<AddedMember> {
    await this.#moveOnce();
    const client = this.#sharedClient();
    for (const member of await this.members())
      if (member.name === name || (member.addr === address && member.name !== ""))
        await removeMember(client, member.id);
    return addMember(client, address);
  }

  /** Gives a member its vote. Rejects when it has not caught up yet. */
  promote(id: string): Promise<void> {
    return promoteMember(this.#sharedClient(), id, { timeoutMs: READY_MS });
  }

  remove(id: string): Promise<void> {
    return removeMember(this.#sharedClient(), id, { timeoutMs: READY_MS });
  }

  /** The member is reached at another address from now on. */
  readdress(id: string, address: string): Promise<void> {
    return moveMember(this.#sharedClient(), id, address, { timeoutMs: READY_MS });
  }

  /** Whether this member leads etcd, as far as is known here. */
  async leads(id: string): Promise<boolean> {
    const { leader } = await this.#sharedClient().status({ timeoutMs: READY_MS });
    return leader === id;
  }

  /** Lets another member lead etcd, if this one does and another can. */
  async stepAside(): Promise<void> {
    if (this.#member) await stepAside(this.#member.client, { timeoutMs: 2000 });
  }

  /** From now on the state is in the etcd of this member, which is kept small. */
  #use(member: EtcdMember): void {
    this.#member = member;
    const { clock, logger, settings } = this.#options;
    const quotaBytes = settings.quotaBytes ?? QUOTA_BYTES;
    const upkeep = new EtcdUpkeep({ client: member.client, clock, logger, quotaBytes });
    void upkeep.run(this.#end.signal);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#moving?.catch(() => {
      // whoever wanted it is told
    });
    await this.#log.close();
    await this.#member?.stop();
    this.#external?.client.close();
  }

  #sharedClient(): EtcdMember["client"] {
    if (!this.#member) throw new OperationError("internal", "the state is not in etcd");
    return this.#member.client;
  }

  #moveOnce(): Promise<void> {
    if (this.#member) return Promise.resolve();
    this.#moving ??= this.#move().finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  /** From lmdb to a first member of etcd, under the leader that goes on. */
  async #move(): Promise<void> {
    const { dataDir, clusterId, logger, settle } = this.#options;
    await wipeMemberData(memberDirectory(dataDir));
    const token = `${clusterId}-${process.hrtime.bigint()}`;
    const member = await startMember(this.#options, { kind: "new", token });
    let log: EtcdLog | undefined;
    try {
      await member.ready(FIRST_START_MS);
      log = await openEtcdLog({ ...this.#options, client: member.client });
      await this.#log.moveTo(log, () => settle("etcd"));
    } catch (error) {
      logger.warn("the state was not moved to etcd", { reason: messageOf(error) });
      await log?.close();
      await member.stop();
      throw error;
    }
    this.#use(member);
    logger.info("the state is in etcd now");
  }
}

const startMember = async (options: StateHomeOptions, start: MemberStart): Promise<EtcdMember> => {
  const { dataDir, nodeId, address, dialPeer, settings, logger } = options;
  const directory = memberDirectory(dataDir);
  const member = await startEtcdMember(
    { quotaBytes: QUOTA_BYTES, ...settings, directory, name: nodeId, address, dialPeer, logger },
    start,
  );
  options.accept((stream) => member.acceptPeer(stream));
  return member;
};

/** A member that has no vote yet, or no quorum beside it, can't be read: it may get there. */
const openShared = async (
  options: StateHomeOptions,
  member: EtcdMember,
  signal: AbortSignal,
): Promise<EtcdLog> => {
  let told = "";
  const stopped = aborted(signal);
  for (;;) {
    signal.throwIfAborted();
    try {
      await Promise.race([member.ready(READY_MS), stopped]);
      return await openEtcdLog({ ...options, client: member.client });
    } catch (error) {
      const ended = await Promise.race([member.ended, Promise.resolve(undefined)]);
      if (ended) throw gone(ended);
      if (signal.aborted || !isPassing(error)) throw error;
      options.waiting?.(`${messageOf(error)}. ${LOST}`);
      if (messageOf(error) !== told)
        options.logger.info("the state can't be read yet", { reason: messageOf(error) });
      told = messageOf(error);
    }
  }
};

const LOST =
  "If a majority of the managers is lost for good, run docker swarm init --force-new-cluster on one that is left";

/** Rejects with the signal's reason; nobody need wait for it. */
const aborted = (signal: AbortSignal): Promise<never> => {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener(
      "abort",
      () => reject(signal.reason instanceof Error ? signal.reason : new Error("stopped")),
      { once: true },
    );
  });
  stopped.catch(() => {
    // whoever waited is told
  });
  return stopped;
};

const isPassing = (error: unknown): boolean =>
  error instanceof OperationError &&
  (error.kind === "unavailable" || error.kind === "deadline-exceeded");

/** The others have taken this manager out while it was away: what it has is of no use. */
export class TakenOutError extends OperationError {
  constructor() {
    super(
      "failed-precondition",
      "the other managers have taken this one out: it becomes what they say when it reaches one of them",
    );
  }
}

const gone = (end: MemberEnd): OperationError => {
  if (end.kind === "removed") return new TakenOutError();
  const what = end.kind === "foreign" ? `holds another cluster's data (${end.reason})` : "stopped";
  return new OperationError(
    "failed-precondition",
    `the member of etcd on this manager ${what}: run docker swarm leave --force, and join again`,
  );
};
