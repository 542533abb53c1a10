import type { Clock, Logger, Random } from "@skein/base";
import { messageOf, newId, rpcError } from "@skein/base";
import type {
  DownMessage,
  InquiryMessage,
  Node,
  RefusedPlace,
  UpMessage,
  WantedAttachment,
} from "@skein/model";
import { INQUIRY_PROTOCOL } from "@skein/model";
import type { CommittedBatch, Store, Transaction } from "@skein/store";
import { agreeOnProtocol } from "../membership/versions.ts";
import { toApiNetwork } from "../present/cluster.ts";
import { networkNamed } from "../present/lookup.ts";
import { clusterMessage, concernsMembership } from "./cluster-message.ts";
import { Inquiries } from "./inquiries.ts";
import { heartbeatMs, markNode, markReady, silenceMs } from "./liveness.ts";
import { NetworkFeed } from "./network-feed.ts";
import type { SessionLink } from "./session.ts";
import { Session } from "./session.ts";
import { applyStatuses } from "./statuses.ts";
import { Withdrawals } from "./withdrawals.ts";

/** Docker's default for the heartbeat setting, used until a cluster object exists. */
const DEFAULT_PERIOD_NS = 5e9;

/**
 * How long nodes may take to come to a new leader, in times of a lost connection (30 s by default, as
 * Docker's managers give): to notice that the former one is gone (6 s), to dial managers whose machines
 * are gone too (3 s each), to pause after each (8 s at most). The simulation shows well nodes taken for
 * dead with 12 s, and with 18 s when two of five managers are gone.
 */
const RETURN_PERIODS = 5;

/** How long the former leader's node may stay away after an election, in times of a lost connection. */
const FORMER_LEADER_PERIODS = 2 / 3;

export interface DispatcherDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Makes the attachments of a node what its agent says; returns what is refused. */
  readonly attach: (
    tx: Transaction,
    request: { readonly nodeId: string; readonly containers: readonly WantedAttachment[] },
  ) => readonly RefusedPlace[];
}

/** What the transport calls for one node's stream. */
export interface SessionPort {
  receive(message: UpMessage): void;
  /** The stream ended, for whatever reason. */
  closed(): void;
}

/** Who opened a stream, as its certificate and its socket tell. */
export interface SessionPeer {
  readonly nodeId: string;
  /** IP address, used when the agent names none. */
  readonly address: string;
}

type Hello = Extract<UpMessage, { type: "hello" }>;
type FindNetwork = Extract<UpMessage, { type: "find-network" }>;

/** The node with what its agent says of the host; what it does not say any more is gone. */
const withHost = (node: Node, host: Pick<Hello, "description" | "etcd">): Node => {
  const { etcd: _, ...rest } = node;
  const { description, etcd } = host;
  return { ...rest, description, ...(etcd === undefined ? {} : { etcd }) };
};

const refused = (kind: "not-found" | "failed-precondition", text: string): Error =>
  rpcError(kind, text);

/**
 * The leader's end of all sessions: tells each node its tasks, records what agents report, and
 * finds out who is silent. Keeps nothing that a new leader would need.
 */
export class Dispatcher {
  readonly #deps: DispatcherDependencies;
  readonly #sessions = new Map<string, Session>();
  /** Nodes without session: when (monotonic ms) they count as down. */
  readonly #deadlines = new Map<string, number>();
  readonly #withdrawals = new Withdrawals();
  /** Questions to the nodes that are here. */
  readonly inquiries: Inquiries;
  #networks: NetworkFeed;
  #stopWatching: (() => void) | undefined;

  constructor(dependencies: DispatcherDependencies) {
    this.#deps = dependencies;
    const { clock, random } = dependencies;
    this.inquiries = new Inquiries({
      clock,
      random,
      send: (nodeId, message) => this.#inquire(nodeId, message),
    });
    this.#networks = new NetworkFeed(dependencies.store.durableIndex);
  }

  /**
   * Begins to serve. Every node that is not down gets the time of a lost connection, five times, to
   * come (back) to this leader; its state is not touched before. The node of the leader before, which is
   * the likeliest to be gone, has been silent for the time of an election already.
   */
  start(signal: AbortSignal, formerLeader?: string): void {
    const { store, clock } = this.#deps;
    this.#networks = new NetworkFeed(store.durableIndex);
    this.#stopWatching = store.watch((batch) => this.#committed(batch));
    const now = clock.monotonic();
    for (const { id, status } of store.view.all("nodes").values()) {
      const periods = id === formerLeader ? FORMER_LEADER_PERIODS : RETURN_PERIODS;
      if (status.state !== "down") this.#deadlines.set(id, now + periods * this.#silenceMs());
    }
    void this.#watchLiveness(signal);
  }

  /** Ends every session without a word to the store: the agents look for the next leader. */
  stop(): void {
    this.#stopWatching?.();
    for (const session of this.#sessions.values()) session.end();
    this.#sessions.clear();
    this.#deadlines.clear();
  }

  /** A node's agent opened its stream. */
  connect(peer: SessionPeer, link: SessionLink): SessionPort {
    const { clock, random } = this.#deps;
    const session = new Session(newId(random), peer.nodeId, link, clock.monotonic());
    return {
      receive: (message) => {
        session.lastHeard = clock.monotonic();
        this.#receive(session, peer, message).catch((error: unknown) => {
          this.#deps.logger.warn("session failed", {
            nodeId: peer.nodeId,
            error: messageOf(error),
          });
          this.#lost(session, error instanceof Error ? error : new Error(messageOf(error)));
        });
      },
      closed: () => this.#lost(session),
    };
  }

  /** Sends to a node's agent, if it has a session. True when it was sent. */
  send(nodeId: string, message: DownMessage): boolean {
    const session = this.#sessions.get(nodeId);
    session?.send(message);
    return session !== undefined;
  }

  #inquire(nodeId: string, message: InquiryMessage): boolean {
    const session = this.#sessions.get(nodeId);
    return session !== undefined && session.protocol >= INQUIRY_PROTOCOL
      ? this.send(nodeId, message)
      : false;
  }

  /** Ids of the nodes whose agents are here. */
  connected(): ReadonlySet<string> {
    return new Set(this.#sessions.keys());
  }

  async #receive(session: Session, peer: SessionPeer, message: UpMessage): Promise<void> {
    const { store } = this.#deps;
    switch (message.type) {
      case "hello":
        return this.#hello(session, peer, message);
      case "heartbeat":
        return;
      case "description":
        await store.transact((tx) => {
          const node = tx.get("nodes", peer.nodeId);
          if (node) tx.put("nodes", withHost(node, message));
        });
        return;
      case "statuses":
        await store.transact((tx) => applyStatuses(tx, peer.nodeId, message.statuses));
        session.send({ type: "acknowledged", sequence: message.sequence });
        return;
      case "networks-applied":
        this.#withdrawals.applied(peer.nodeId, message.version);
        this.#tellWithdrawn();
        return;
      case "answer":
        this.inquiries.received(peer.nodeId, message);
        return;
      case "attachments": {
        const { revision, containers } = message;
        const failures = await store.transact((tx) =>
          this.#deps.attach(tx, { nodeId: peer.nodeId, containers }),
        );
        session.send({ type: "attachments-applied", revision, refused: failures });
        return;
      }
      case "find-network":
        await this.#findNetwork(session, message);
        return;
      case "leaving":
        await store.transact((tx) => markNode(tx, peer.nodeId, "down", "node is leaving"));
    }
  }

  async #findNetwork(session: Session, { request, ref }: FindNetwork): Promise<void> {
    const { store } = this.#deps;
    const network = networkNamed(store.view, ref);
    await store.barrier();
    session.send({
      type: "network-found",
      request,
      ...(network ? { network: toApiNetwork(network) } : {}),
    });
  }

  async #hello(session: Session, peer: SessionPeer, hello: Hello): Promise<void> {
    const { store, logger } = this.#deps;
    session.protocol = agreeOnProtocol("the agent", hello);
    await store.transact((tx) => this.#register(tx, peer, hello));
    if (session.ended) return;
    const former = this.#sessions.get(peer.nodeId);
    this.#sessions.set(peer.nodeId, session);
    this.#deadlines.delete(peer.nodeId);
    former?.end(refused("failed-precondition", "session invalid"));
    // While that became durable the former session may have been missed, and the node marked.
    if (store.view.get("nodes", peer.nodeId)?.status.state !== "ready")
      await store.transact((tx) => this.#register(tx, peer, hello));
    const full = session.prepare(store.view, store.closedIndex, this.#networks);
    session.send({
      type: "welcome",
      sessionId: session.id,
      protocol: session.protocol,
      heartbeatMs: heartbeatMs(this.#period()),
      now: this.#deps.clock.now(),
    });
    session.send(clusterMessage(store.view, peer.nodeId));
    await store.barrier();
    session.begin(full);
    logger.info("session opened", { nodeId: peer.nodeId });
  }

  #register(tx: Transaction, peer: SessionPeer, hello: Hello): Node {
    const node = tx.get("nodes", peer.nodeId);
    if (!node) throw refused("not-found", "node not registered");
    const isNew = node.description === undefined && hello.availability !== undefined;
    return markReady(tx, withHost(node, hello), {
      ...(isNew ? { spec: { ...node.spec, Availability: hello.availability } } : {}),
      status: { ...node.status, addr: hello.addr === "" ? peer.address : hello.addr },
      ...(hello.managerAddr === undefined ? {} : { managerAddr: hello.managerAddr }),
      ...(hello.encryption === undefined ? {} : { encryption: hello.encryption }),
      ...(hello.dataPathAddr === undefined ? {} : { dataPathAddr: hello.dataPathAddr }),
    });
  }

  #lost(session: Session, error?: Error): void {
    const { store, clock, logger } = this.#deps;
    session.end(error);
    if (this.#sessions.get(session.nodeId) !== session) return;
    this.#sessions.delete(session.nodeId);
    this.#withdrawals.lost(session.nodeId);
    this.inquiries.lost(session.nodeId);
    this.#tellWithdrawn();
    this.#deadlines.set(session.nodeId, clock.monotonic() + this.#silenceMs());
    if (!store.leading) return;
    store
      .transact((tx) => markNode(tx, session.nodeId, "disconnected", "connection lost"))
      .catch((failure: unknown) =>
        logger.warn("node not marked", { nodeId: session.nodeId, error: messageOf(failure) }),
      );
  }

  async #watchLiveness(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!signal.aborted) {
      const interval = Math.max(50, heartbeatMs(this.#period()) / 4);
      const asleep = clock.monotonic();
      try {
        await clock.sleep(interval, signal);
      } catch {
        return; // the signal: this leader stops
      }
      this.#forgive(clock.monotonic() - asleep - interval);
      try {
        await this.#checkLiveness(clock.monotonic());
      } catch (error) {
        logger.warn("liveness check failed", { error: messageOf(error) });
      }
    }
  }

  /**
   * A leader that was stopped itself (a paused machine, a long swap) heard nobody for that long. Its
   * absence does not count as the nodes' silence: it would restart every container of the cluster.
   */
  #forgive(absentMs: number): void {
    const now = this.#deps.clock.monotonic();
    for (const session of this.#sessions.values())
      session.lastHeard = Math.min(now, session.lastHeard + absentMs);
    for (const [nodeId, deadline] of this.#deadlines)
      this.#deadlines.set(nodeId, deadline + absentMs);
  }

  async #checkLiveness(now: number): Promise<void> {
    const { store, logger } = this.#deps;
    for (const session of this.#sessions.values())
      if (now - session.lastHeard >= this.#silenceMs()) {
        this.#sessions.delete(session.nodeId);
        this.#deadlines.set(session.nodeId, now);
        session.end();
      }
    const due = [...this.#deadlines].filter(([, deadline]) => now >= deadline);
    if (due.length === 0 || !store.leading) return;
    await store.transact((tx) => {
      for (const [nodeId] of due) markNode(tx, nodeId, "down", "heartbeat failure");
    });
    // Not before it is durable, and not if the node came and went again meanwhile.
    for (const [nodeId, deadline] of due)
      if (this.#deadlines.get(nodeId) === deadline) this.#deadlines.delete(nodeId);
    logger.info("nodes down", { nodeIds: due.map(([nodeId]) => nodeId) });
  }

  #committed(batch: CommittedBatch): void {
    const { view } = this.#deps.store;
    const members = batch.changes.some(concernsMembership);
    const networks = this.#networks.observe(view, batch);
    for (const session of this.#sessions.values()) {
      if (!view.get("nodes", session.nodeId)) {
        this.#sessions.delete(session.nodeId);
        session.end(refused("not-found", "node not registered"));
        continue;
      }
      session.commit(view, batch, { networks, feed: this.#networks });
      if (members) session.send(clusterMessage(view, session.nodeId));
    }
    // Who hears nothing of it sends no connections there, and says nothing.
    const told = new Set(networks.touched);
    const on = (ids: readonly string[]): readonly string[] => {
      const heard = ids.filter((id) => told.has(id));
      return [...this.#sessions.values()]
        .filter((one) => one.isOn(heard))
        .map(({ nodeId }) => nodeId);
    };
    this.#withdrawals.observe(batch.changes, batch.index, on);
    this.#tellWithdrawn();
  }

  #tellWithdrawn(): void {
    for (const [nodeId, taskIds] of this.#withdrawals.take())
      this.send(nodeId, { type: "withdrawn", taskIds });
  }

  #period(): number {
    const [cluster] = this.#deps.store.view.all("clusters").values();
    const period = cluster?.spec.Dispatcher.HeartbeatPeriod ?? 0;
    return period > 0 ? period : DEFAULT_PERIOD_NS;
  }

  #silenceMs(): number {
    return silenceMs(this.#period());
  }
}
