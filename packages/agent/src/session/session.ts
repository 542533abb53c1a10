import type { Clock, Logger } from "@skein/base";
import { deepEqual, messageOf, OperationError, unreachable } from "@skein/base";
import type {
  DownMessage,
  EncryptionSupport,
  InquiryMessage,
  LogSubscription,
  NodeAnswers,
  NodeQuestion,
  QuestionKind,
  TaskStatus,
} from "@skein/model";
import { OLDEST_MANAGER_PROTOCOL, PROTOCOL_VERSION } from "@skein/model";
import type { NodeDescription, TLSInfo } from "@skein/wire";
import type { Attachments } from "../attachments/attachments.ts";
import { WELCOME_TIMEOUT_MS } from "../limits.ts";
import type { NetworkReceiver } from "../networking/receiver.ts";
import type { LogStream, ManagerConnection } from "../ports.ts";
import { linkAbort, pause } from "../shared/cancel.ts";
import type { LinkedAbort } from "../shared/cancel.ts";
import type { Worker } from "../worker/worker.ts";
import { Reporter } from "./reporter.ts";

/** What a manager says of the cluster as this node should know it. */
export type ClusterNews = Extract<DownMessage, { type: "cluster" }>;

/** What this host is like, now. */
export interface HostNews {
  readonly description: NodeDescription;
  readonly etcd?: string;
}

/** How this node introduces itself. */
export interface Greeting extends HostNews {
  readonly addr: string;
  readonly managerAddr?: string;
  readonly encryption?: EncryptionSupport;
}

export interface SessionDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly worker: Worker;
  readonly onCluster: (news: ClusterNews) => void;
  /** The manager does not lead: the one at this address does. */
  readonly onRedirect: (addr: string) => void;
  /** The trust roots and the issuer of this node's certificate, now. */
  readonly tlsInfo: () => TLSInfo;
  readonly networks: NetworkReceiver;
  /** Answers what a manager asks of this node. */
  readonly answer: (question: NodeQuestion) => Promise<NodeAnswers[QuestionKind]>;
  /** Containers outside of services; absent on a node without networks. */
  readonly attachments?: Pick<Attachments, "opened" | "closed" | "receive">;
  /** Reads the output of tasks into the stream until it ends or the signal is aborted. */
  readonly publish: (
    subscription: LogSubscription,
    stream: LogStream,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** One session with a manager, on an open connection: from hello to its end. */
export class Session {
  readonly #deps: SessionDependencies;
  readonly #connection: ManagerConnection;
  readonly #link: LinkedAbort;
  readonly #reporter: Reporter;
  readonly #subscriptions = new Map<string, LinkedAbort>();
  /** Statuses are held back until the full set tells which tasks still count. */
  #live = false;
  #welcomed = false;
  /** The manager's wall clock minus our monotonic one, in ms. */
  #managerClock: number | undefined;
  /** What the manager knows of this host. */
  #said: HostNews | undefined;

  constructor(
    connection: ManagerConnection,
    dependencies: SessionDependencies,
    signal: AbortSignal,
  ) {
    this.#connection = connection;
    this.#deps = dependencies;
    this.#link = linkAbort(signal);
    this.#reporter = new Reporter(
      dependencies.clock,
      (message) => connection.send(message),
      this.#link.signal,
    );
  }

  /** Whether the manager has accepted this node. */
  get welcomed(): boolean {
    return this.#welcomed;
  }

  /** The manager's clock minus this node's, in ms; undefined before the manager told it. */
  get clockOffsetMs(): number | undefined {
    const { clock } = this.#deps;
    return this.#managerClock === undefined
      ? undefined
      : this.#managerClock + clock.monotonic() - clock.now();
  }

  /**
   * Says hello and does what the manager says until the connection ends. Rejects with the reason
   * when it ends for another cause than the signal.
   */
  async run(greeting: Greeting): Promise<void> {
    const { worker } = this.#deps;
    const { signal } = this.#link;
    const close = (): void => this.#connection.close();
    signal.addEventListener("abort", close, { once: true });
    worker.beginSession();
    const { description, etcd } = greeting;
    this.#said = { description, ...(etcd === undefined ? {} : { etcd }) };
    this.#connection.send({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      oldest: OLDEST_MANAGER_PROTOCOL,
      ...greeting,
    });
    void this.#giveUpWithoutWelcome();
    try {
      signal.throwIfAborted();
      for await (const message of this.#connection.messages) {
        signal.throwIfAborted();
        this.#receive(message);
      }
    } finally {
      signal.removeEventListener("abort", close);
      this.#deps.attachments?.closed();
      this.#link.abort(new Error("the session is over"));
      this.#link.release();
      this.#connection.close();
    }
  }

  /** Tells the manager what became of a task. */
  report(taskId: string, status: TaskStatus): void {
    if (this.#live) this.#reporter.report(taskId, status);
  }

  /** Tells the manager what this host is like, if it is another than was said before. */
  describe({ description, etcd }: HostNews): void {
    const host = { description, ...(etcd === undefined ? {} : { etcd }) };
    if (deepEqual(host, this.#said)) return;
    this.#said = host;
    this.#connection.send({ type: "description", ...host });
  }

  /** Tells the manager of a certificate or roots that are others than was said before. */
  trustChanged(): void {
    if (!this.#said) return; // the greeting will tell
    const description = { ...this.#said.description, TLSInfo: this.#deps.tlsInfo() };
    this.describe({ ...this.#said, description });
  }

  leave(): void {
    this.#connection.send({ type: "leaving" });
  }

  /** The manager does not lead any more: nobody waits for its goodbye, it may be gone. */
  abandon(): void {
    this.#connection.close({ atOnce: true });
  }

  #receive(message: DownMessage): void {
    const { worker, onCluster } = this.#deps;
    switch (message.type) {
      case "welcome":
        this.#welcomed = true;
        if (message.now !== undefined)
          this.#managerClock = message.now - this.#deps.clock.monotonic();
        this.trustChanged();
        void this.#beat(message.heartbeatMs);
        return;
      case "cluster":
        this.trustChanged();
        onCluster(message);
        return;
      case "assignments":
        if (!worker.apply(message))
          throw new OperationError("failed-precondition", "assignments out of sequence");
        if (message.kind === "full") this.#reportAll();
        return;
      case "networks":
      case "network-keys":
      case "withdrawn":
        this.#deps.networks.receive(message, (version) =>
          this.#connection.send({ type: "networks-applied", version }),
        );
        return;
      case "redirect":
        this.#deps.onRedirect(message.leader.addr);
        return;
      case "attachments-applied":
      case "network-found":
        this.#deps.attachments?.receive(message);
        return;
      case "acknowledged":
        this.#reporter.acknowledge(message.sequence);
        return;
      case "inquiry":
        void this.#answer(message);
        return;
      case "subscribe-logs":
        void this.#publish(message.subscription);
        return;
      case "unsubscribe-logs":
        this.#subscriptions.get(message.id)?.abort(new Error("unsubscribed"));
        return;
      default:
        unreachable(message);
    }
  }

  /**
   * The certificate may have been renewed since the greeting was put together, and a rotation of the
   * root waits for the word of it.
   */

  #reportAll(): void {
    this.#live = true;
    for (const { taskId, status } of this.#deps.worker.statuses())
      this.#reporter.report(taskId, status);
    this.#deps.attachments?.opened((message) => this.#connection.send(message));
  }

  async #beat(intervalMs: number): Promise<void> {
    while (await pause(this.#deps.clock, intervalMs, this.#link.signal))
      this.#connection.send({ type: "heartbeat" });
  }

  async #giveUpWithoutWelcome(): Promise<void> {
    if (!(await pause(this.#deps.clock, WELCOME_TIMEOUT_MS, this.#link.signal))) return;
    if (!this.#welcomed) this.#connection.close();
  }

  async #answer({ id, question }: InquiryMessage): Promise<void> {
    try {
      const answer = await this.#deps.answer(question);
      this.#connection.send({ type: "answer", id, answer });
    } catch (error) {
      this.#connection.send({ type: "answer", id, error: messageOf(error) });
    }
  }

  async #publish(subscription: LogSubscription): Promise<void> {
    const link = linkAbort(this.#link.signal);
    this.#subscriptions.set(subscription.id, link);
    try {
      const stream = this.#connection.openLogStream(subscription.id);
      await this.#deps.publish(subscription, stream, link.signal);
    } catch (error) {
      this.#deps.logger.debug("log stream broke", { subscriptionId: subscription.id, error });
    } finally {
      this.#subscriptions.delete(subscription.id);
      link.release();
    }
  }
}
