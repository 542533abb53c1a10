import type { Clock, Logger, Random } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { TaskStatus } from "@skein/model";
import type { Reachability } from "../engine/reachability.ts";
import {
  BACKOFF_MAX_MS,
  BACKOFF_MIN_MS,
  DIAL_TIMEOUT_MS,
  GREETING_TIMEOUT_MS,
  REDIRECT_TIMEOUT_MS,
} from "../limits.ts";
import type { ManagerDialer, RemotesStore } from "../ports.ts";
import { isAborted, linkAbort, pause, withTimeout } from "../shared/cancel.ts";
import { Remotes } from "./remotes.ts";
import type { ClusterNews, Greeting, HostNews, SessionDependencies } from "./session.ts";
import { Session } from "./session.ts";

export interface SessionLoopDependencies extends Omit<SessionDependencies, "onRedirect"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly dialer: ManagerDialer;
  readonly remotes: RemotesStore;
  readonly reachability: Reachability;
  /** Collects what this node says of itself. Rejects when the engine is not there or not fit. */
  readonly greet: (signal: AbortSignal) => Promise<Greeting>;
  /** Called when a manager says that this node was removed from the cluster; nothing is tried then. */
  readonly onRemoved?: () => void;
}

/** The transport's answer to the certificate of a node that was removed. */
const isRemoval = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "unauthorized";

/** The bound of the next pause, from that of the last: random in [0, bound) (behaviour.md, section 14). */
export const nextBackoff = (previousMs: number): number =>
  Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS + 2 * previousMs);

/**
 * Keeps a session with some manager open, as long as the engine is there: a node whose engine is
 * lost must look down to the cluster, so that its tasks go elsewhere.
 */
export class SessionLoop {
  readonly #deps: SessionLoopDependencies;
  readonly #remotes = new Remotes();
  #session: Session | undefined;
  #removed = false;
  /** Where the leader is, as the manager that was asked last said. */
  #leader: string | undefined;
  /** The manager with which the last attempt or session ended: others are tried first. */
  #lost: string | undefined;
  /** Where the present attempt or session leads to, and how it is given up. */
  #addr: string | undefined;
  #leaveForLeader: (() => void) | undefined;

  constructor(dependencies: SessionLoopDependencies) {
    this.#deps = dependencies;
  }

  /** True while a manager has this node on its list of sessions. */
  get connected(): boolean {
    return this.#session?.welcomed ?? false;
  }

  /** The manager's clock minus this node's, in ms; undefined without a session. */
  get clockOffsetMs(): number | undefined {
    return this.#session?.clockOffsetMs;
  }

  report(taskId: string, status: TaskStatus): void {
    this.#session?.report(taskId, status);
  }

  /** Tells the manager what this host is like, if it is another than was said before. */
  describe(host: HostNews): void {
    this.#session?.describe(host);
  }

  /** Tells the manager of a new certificate or new roots. */
  trustChanged(): void {
    this.#session?.trustChanged();
  }

  /** Tells the manager that this node goes on purpose. */
  leave(): void {
    this.#session?.leave();
  }

  /** Runs until the signal is aborted, or this node was removed from the cluster. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger, remotes } = this.#deps;
    this.#remotes.replace(await remotes.load());
    let bound = 0;
    while (!signal.aborted) {
      await this.#deps.reachability.whenUp(signal);
      if (isAborted(signal)) return;
      const leader = this.#takeLeader();
      const addr = leader ?? this.#remotes.pick(random, this.#lost);
      const patience = leader === undefined ? DIAL_TIMEOUT_MS : REDIRECT_TIMEOUT_MS;
      const welcomed = addr !== undefined && (await this.#connect(addr, patience, signal));
      if (addr === undefined) logger.warn("no manager is known");
      if (this.#removed) {
        this.#deps.onRemoved?.();
        return;
      }
      // Who is sent on goes at once; who is sent on by everybody goes in circles, and slows down.
      if (this.#redirected() && leader === undefined) continue;
      bound = welcomed ? BACKOFF_MIN_MS : nextBackoff(bound);
      await pause(clock, random.next() * bound, signal);
    }
  }

  /** One attempt, and the session that comes of it. True when a manager had welcomed this node. */
  async #connect(addr: string, patienceMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock, logger, dialer, greet, reachability } = this.#deps;
    const link = linkAbort(signal);
    const unwatch = reachability.watch((up) => {
      if (!up) this.#engineLost(link.abort);
    });
    this.#addr = addr;
    this.#leaveForLeader = () =>
      link.abort(new OperationError("cancelled", "another manager leads"));
    let session: Session | undefined;
    try {
      const greeting = await withTimeout(clock, GREETING_TIMEOUT_MS, link.signal, greet);
      const connection = await withTimeout(clock, patienceMs, link.signal, (limited) =>
        dialer.dial(addr, limited),
      );
      session = new Session(
        connection,
        {
          ...this.#deps,
          onCluster: (news) => this.#heard(news),
          onRedirect: (leader) => {
            this.#leader = leader;
          },
        },
        link.signal,
      );
      this.#session = session;
      await session.run(greeting);
      logger.info("session ended by the manager", { addr });
    } catch (error) {
      this.#removed = isRemoval(error);
      if (!signal.aborted) logger.info("session failed", { addr, error: messageOf(error) });
    } finally {
      this.#session = undefined;
      this.#addr = undefined;
      this.#leaveForLeader = undefined;
      unwatch();
      link.release();
    }
    const welcomed = session?.welcomed ?? false;
    this.#remotes.observe(addr, welcomed || this.#redirected());
    this.#lost = this.#redirected() ? undefined : addr;
    return welcomed;
  }

  /** It is known that the manager at this address leads now: a session elsewhere has no future. */
  moveTo(addr: string): void {
    if (this.#addr === undefined || this.#addr === addr) return;
    this.#leader = addr;
    this.#session?.abandon();
    this.#leaveForLeader?.();
  }

  #redirected(): boolean {
    return this.#leader !== undefined;
  }

  /** A redirection counts once. */
  #takeLeader(): string | undefined {
    const leader = this.#leader;
    this.#leader = undefined;
    return leader;
  }

  #engineLost(abort: (reason: Error) => void): void {
    this.#session?.leave(); // the tasks need not wait until the heartbeats are missed
    abort(new OperationError("unavailable", "the container engine is lost"));
  }

  #heard(news: ClusterNews): void {
    this.#remotes.replace(news.managers);
    this.#deps.remotes.save(news.managers).catch((error: unknown) => {
      this.#deps.logger.warn("managers not saved", { error: messageOf(error) });
    });
    this.#deps.onCluster(news);
  }
}
