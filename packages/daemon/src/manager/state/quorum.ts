import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { Candidate, MemberStep } from "@skein/manager";
import { planMembers, recordManagerAddress, releaseManager, withdrawManager } from "@skein/manager";
import type { AddedMember, Credentials } from "@skein/platform";
import type { Store } from "@skein/store";
import { dialBack } from "./dial-back.ts";
import type { StateHome } from "./state-home.ts";

/** How often the leader compares the quorum with what it should be, in milliseconds. */
const PERIOD_MS = 1000;
/** How long a member that is to go may take to let another one lead etcd, and how often it is looked at, in ms. */
const GIVE_WAY_MS = 3000;
const LOOK_MS = 50;

export interface QuorumDependencies {
  readonly home: StateHome;
  readonly store: Store;
  readonly candidate: Candidate;
  readonly nodeId: string;
  readonly key: Uint8Array;
  /** This manager's own, at the time of the call. */
  readonly credentials: () => Credentials;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a node that is to be a manager asks for. */
export interface JoinQuorum {
  readonly nodeId: string;
  /** `host:port` of its cluster API. */
  readonly addr: string;
}

/** What it gets. */
export interface QuorumPlace extends AddedMember {
  /** The key that seals the state. */
  readonly key: Uint8Array;
  /** The state is in an etcd that somebody else runs: there is no member. */
  readonly external?: true;
}

const NO_MEMBER: AddedMember = { id: "", members: [] };

/**
 * The leader's care for the quorum: it lets managers in, and keeps the members of etcd as the nodes'
 * specs want them.
 */
export class Quorum {
  readonly #deps: QuorumDependencies;
  readonly #end = new AbortController();
  #wake = new AbortController();
  #joining: Promise<unknown> = Promise.resolve();

  constructor(dependencies: QuorumDependencies) {
    this.#deps = dependencies;
  }

  /** Works until it is stopped, whenever this manager leads. */
  start(): void {
    const { store } = this.#deps;
    const unwatch = store.watch(({ changes }) => {
      if (changes.some(({ table }) => table === "nodes")) this.#wake.abort();
    });
    this.#end.signal.addEventListener("abort", unwatch, { once: true });
    void this.#run();
  }

  stop(): void {
    this.#end.abort();
  }

  /** A place in the quorum for a node that is to be a manager. One at a time. */
  join(input: JoinQuorum): Promise<QuorumPlace> {
    const place = this.#joining.then(() => this.#join(input));
    this.#joining = place.catch(() => {
      // whoever asked is told
    });
    return place;
  }

  /** Rejects (kind `failed-precondition`) when there can't be more managers, with what to install. */
  checkCanGrow(): Promise<void> {
    return this.#deps.home.checkCanGrow();
  }

  /** A manager leaves for good: it is to be out of the quorum. */
  async leave({ nodeId }: { readonly nodeId: string }): Promise<void> {
    await this.#deps.store.transact((tx) => withdrawManager(tx, nodeId));
    this.#wake.abort();
  }

  async #join({ nodeId, addr }: JoinQuorum): Promise<QuorumPlace> {
    const { store, home, key, credentials } = this.#deps;
    if (store.view.get("nodes", nodeId)?.spec.Role !== "manager")
      throw new OperationError("forbidden", `node ${nodeId} is not to be a manager`);
    await dialBack(nodeId, addr, credentials());
    const added = home.isExternal ? NO_MEMBER : await home.add(nodeId, addr);
    await store.transact((tx) => recordManagerAddress(tx, nodeId, addr));
    return { ...added, key, ...(home.isExternal ? { external: true } : {}) };
  }

  async #run(): Promise<void> {
    const { candidate, clock, logger } = this.#deps;
    while (!this.#end.signal.aborted) {
      this.#wake = new AbortController();
      const waiting = AbortSignal.any([this.#wake.signal, this.#end.signal]);
      await this.#giveWay();
      const isChanged =
        candidate.leader !== undefined &&
        (await this.#reconcile().catch((error: unknown) => {
          logger.debug("members not compared", { reason: messageOf(error) });
          return false;
        }));
      if (isChanged) continue;
      await clock.sleep(PERIOD_MS, waiting).catch(() => {
        // there is news, or it is the end
      });
    }
  }

  /** A manager that is to go lets another one lead etcd: writes would wait for an election otherwise. */
  async #giveWay(): Promise<void> {
    const { home, store, nodeId, logger } = this.#deps;
    if (store.view.get("nodes", nodeId)?.spec.Role !== "worker") return;
    await home.stepAside().catch((error: unknown) => {
      logger.debug("no other member leads etcd yet", { reason: messageOf(error) });
    });
  }

  /** Removes it as soon as it does not lead etcd any more, or could have given way. */
  async #remove(memberId: string): Promise<void> {
    const { home, clock } = this.#deps;
    const deadline = clock.monotonic() + GIVE_WAY_MS;
    while ((await home.leads(memberId)) && clock.monotonic() < deadline) await clock.sleep(LOOK_MS);
    await home.remove(memberId);
  }

  /** True when something was changed: it may be that the next step can be made now. */
  async #reconcile(): Promise<boolean> {
    const { home, store, nodeId } = this.#deps;
    if (!home.member && !home.isExternal) return false;
    let isChanged = false;
    for (const step of planMembers(store.view, await home.members(), nodeId))
      isChanged = (await this.#tryStep(step)) || isChanged;
    return isChanged;
  }

  async #tryStep(step: MemberStep): Promise<boolean> {
    try {
      await this.#carryOut(step);
      return true;
    } catch (error) {
      const { logger } = this.#deps;
      logger.debug("quorum not changed yet", { step: step.kind, reason: messageOf(error) });
      return false;
    }
  }

  async #carryOut(step: MemberStep): Promise<void> {
    const { home, store, candidate, logger } = this.#deps;
    switch (step.kind) {
      case "promote":
        await home.promote(step.member.id);
        break;
      case "remove":
        await this.#remove(step.member.id);
        break;
      case "readdress":
        await home.readdress(step.member.id, step.addr);
        break;
      case "step-down":
        await candidate.stepDown();
        break;
      case "release":
        await store.transact((tx) => releaseManager(tx, step.nodeId));
    }
    logger.info("quorum changed", { step: step.kind });
  }
}
