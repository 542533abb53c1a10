import { messageOf, OperationError } from "@skein/base";
import { STATE_FORMAT } from "@skein/model";
import type { Leadership, Log, View } from "@skein/store";
import type { LeaderDependencies } from "../leader.ts";
import { Leader } from "../leader.ts";

export interface CandidateDependencies extends LeaderDependencies {
  readonly log: Log;
  /** The node id of this manager. */
  readonly candidate: string;
}

/** The pause before a campaign that failed is tried again, in milliseconds. */
const RETRY_MS = 200;

/** Whether this version understands the state. */
const isReadable = (view: View): boolean =>
  [...view.all("clusters").values()].every(({ format = 1 }) => format <= STATE_FORMAT);

/** It may have been changed while this manager waited to be elected. */
const assertReadable = (view: View): void => {
  if (isReadable(view)) return;
  throw new OperationError(
    "failed-precondition",
    "the cluster's state was written by a newer version of Skein: upgrade Skein on this node",
  );
};

const lost = ({ lost: signal }: Leadership): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/**
 * One manager's part in the election. While another one leads, the store follows what that one
 * commits; when this one is elected, it catches up, and only then its control loops run. When the
 * leadership is lost, what was not durable yet is taken back, and it follows again.
 */
export class Candidate {
  readonly #deps: CandidateDependencies;
  readonly #end = new AbortController();
  readonly #listeners = new Set<() => void>();
  #leadership: Leadership | undefined;
  #leader: Leader | undefined;
  #leaderId: string | undefined;
  #formerLeader: string | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(dependencies: CandidateDependencies) {
    this.#deps = dependencies;
  }

  /** What only the leader runs; undefined while this manager does not lead. */
  get leader(): Leader | undefined {
    return this.#leader;
  }

  /**
   * The node id of the manager that leads, as far as is known here. It is not this one's before it
   * has caught up, nor when it has lost the lead and cannot hear who has it now.
   */
  get leaderId(): string | undefined {
    const { candidate } = this.#deps;
    if (this.#leader) return candidate;
    return this.#leaderId === candidate ? undefined : this.#leaderId;
  }

  /** Begins to follow and to campaign. */
  start(): void {
    const { log } = this.#deps;
    log.observeLeader((id) => {
      this.#formerLeader = this.#leaderId ?? this.#formerLeader;
      this.#leaderId = id;
      this.#changed();
    }, this.#end.signal);
    this.#ended = this.#run();
  }

  /** Gives up the lead, if this manager has it, and campaigns again: another one may win. */
  async stepDown(): Promise<void> {
    await this.#leadership?.resign();
  }

  /** Ends following and campaigning; the leadership is given up. */
  async stop(): Promise<void> {
    this.#end.abort(new OperationError("cancelled", "the manager stops"));
    await this.stepDown();
    await this.#ended;
    this.#leaderId = undefined;
  }

  /** Calls `listener` whenever it may have changed who leads. Returns the function that ends it. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #ending(): boolean {
    return this.#end.signal.aborted;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!this.#ending())
      try {
        await this.#term();
      } catch (error) {
        if (this.#ending()) return;
        logger.warn("no part in the election", { reason: messageOf(error) });
        await clock.sleep(RETRY_MS);
      }
  }

  /** From following, over being elected, to the end of the leadership. */
  async #term(): Promise<void> {
    const { store, log, candidate } = this.#deps;
    const following = new AbortController();
    let leader: Leader | undefined;
    try {
      store.follow(following.signal);
      await this.#eligible();
      const leadership = await log.campaign(candidate, this.#end.signal);
      this.#leadership = leadership;
      await store.reached(await log.readIndex(leadership.lost), leadership.lost);
      assertReadable(store.view);
      following.abort(new Error("this manager leads"));
      leader = this.#lead(leadership);
      await lost(leadership);
    } finally {
      following.abort(new Error("the term is over"));
      leader?.stop();
      this.#leader = undefined;
      await this.#leadership?.resign();
      this.#leadership = undefined;
      this.#changed();
    }
  }

  /**
   * Resolves when this node is to be a manager: one that is being demoted leaves the lead to others, and so
   * does one that is too old for the state.
   */
  #eligible(): Promise<void> {
    const { store, candidate } = this.#deps;
    const isEligible = (): boolean =>
      (store.view.get("nodes", candidate)?.spec.Role ?? "manager") === "manager" &&
      isReadable(store.view);
    return new Promise((resolve, reject) => {
      const { signal } = this.#end;
      const finish = (): void => {
        unwatch();
        signal.removeEventListener("abort", stop);
        resolve();
      };
      const stop = (): void => {
        unwatch();
        reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
      };
      const unwatch = store.watch(() => {
        if (isEligible()) finish();
      });
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      else if (isEligible()) finish();
    });
  }

  #lead(leadership: Leadership): Leader {
    const { logger, candidate } = this.#deps;
    const leader = new Leader(this.#deps);
    const former = this.#formerLeader === candidate ? undefined : this.#formerLeader;
    leader.start(leadership, former);
    this.#leader = leader;
    logger.info("this manager leads", { term: leadership.term });
    this.#changed();
    return leader;
  }
}
