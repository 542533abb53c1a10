import type { Clock, Logger, Random } from "@skein/base";
import { newId } from "@skein/base";
import type { LogMessage, LogSubscription, LogUpMessage, Task } from "@skein/model";
import { compareStates } from "@skein/model";
import type { CommittedBatch, Store } from "@skein/store";
import type { Dispatcher } from "../dispatcher/dispatcher.ts";
import { MessageQueue } from "./queue.ts";

export interface LogBrokerDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Whose output, and which part of it. */
export interface LogRequest {
  /** Follow mode also takes up tasks of the service that come later. */
  readonly serviceId?: string;
  readonly taskIds: readonly string[];
  readonly options: Omit<LogSubscription, "id" | "taskIds">;
}

/** A line with where it came from. */
export interface TaskLog extends LogMessage {
  readonly nodeId: string;
  readonly serviceId: string;
}

interface Publisher {
  readonly nodeId: string;
  readonly request: OpenRequest;
}

interface OpenRequest {
  readonly request: LogRequest;
  readonly queue: MessageQueue<TaskLog>;
  readonly tasks: Set<string>;
  /** Subscription ids that agents have not ended yet. */
  readonly open: Set<string>;
  readonly failures: string[];
}

/** How long the broker waits for an agent that is not here, before it goes on without, in ms. */
const CONNECT_MS = 2000;

/** Brings the output of tasks from the agents that hold them to whoever asked. */
export class LogBroker {
  readonly #deps: LogBrokerDependencies;
  readonly #dispatcher: Dispatcher;
  readonly #publishers = new Map<string, Publisher>();
  readonly #requests = new Set<OpenRequest>();
  readonly #stopWatching: () => void;

  constructor(dependencies: LogBrokerDependencies, dispatcher: Dispatcher) {
    this.#deps = dependencies;
    this.#dispatcher = dispatcher;
    this.#stopWatching = dependencies.store.watch((batch) => this.#committed(batch));
  }

  /**
   * Streams the output. Without `follow` it ends when every node has sent all it has; when some
   * could not be read it ends with an error that says so, after the lines of the others.
   */
  async *read(request: LogRequest, signal: AbortSignal): AsyncGenerator<TaskLog> {
    const open: OpenRequest = {
      request,
      queue: new MessageQueue(),
      tasks: new Set(),
      open: new Set(),
      failures: [],
    };
    const stop = (): void => open.queue.end();
    signal.addEventListener("abort", stop, { once: true });
    this.#requests.add(open);
    try {
      await this.#subscribe(open, request.taskIds, signal);
      this.#finishIfDone(open);
      yield* open.queue;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#close(open);
    }
    if (open.failures.length > 0 && !signal.aborted)
      throw new Error(
        "warning: incomplete log stream. some logs could not be retrieved for the following " +
          `reasons: ${open.failures.join(", ")}`,
      );
  }

  /**
   * An agent publishes for a subscription. Returns where its messages go; undefined when nobody
   * wants them any more.
   */
  publish(nodeId: string, subscriptionId: string): LogPublication | undefined {
    const publisher = this.#publishers.get(subscriptionId);
    if (publisher?.nodeId !== nodeId) return undefined;
    return {
      receive: (message) => this.#received(subscriptionId, publisher, message),
      closed: () => this.#ended(subscriptionId, `node ${nodeId} is not available`),
      ready: () => publisher.request.queue.ready(),
    };
  }

  /** Ends every stream. */
  stop(): void {
    this.#stopWatching();
    for (const request of this.#requests) request.queue.end();
  }

  async #subscribe(
    open: OpenRequest,
    taskIds: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const byNode = new Map<string, string[]>();
    for (const id of taskIds) {
      const task = this.#deps.store.view.get("tasks", id);
      if (!task || open.tasks.has(id)) continue;
      if (task.nodeId === undefined) {
        if (!open.request.options.follow) open.failures.push(`task ${id} has not been scheduled`);
        continue;
      }
      open.tasks.add(id);
      byNode.set(task.nodeId, [...(byNode.get(task.nodeId) ?? []), id]);
    }
    await Promise.all([...byNode].map(([nodeId, ids]) => this.#ask(open, nodeId, ids, signal)));
  }

  async #ask(
    open: OpenRequest,
    nodeId: string,
    taskIds: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, random } = this.#deps;
    const id = newId(random);
    this.#publishers.set(id, { nodeId, request: open });
    open.open.add(id);
    const subscription: LogSubscription = { ...open.request.options, id, taskIds };
    const deadline = clock.monotonic() + CONNECT_MS;
    while (!signal.aborted) {
      if (this.#dispatcher.send(nodeId, { type: "subscribe-logs", subscription })) return;
      if (clock.monotonic() >= deadline) break;
      await clock.sleep(100);
    }
    this.#ended(id, `node ${nodeId} is not available`);
  }

  #received(id: string, { nodeId, request }: Publisher, message: LogUpMessage): void {
    if (message.type === "end") {
      this.#ended(id, message.error);
      return;
    }
    for (const line of message.messages) {
      const task = this.#deps.store.view.get("tasks", line.taskId);
      request.queue.push({ ...line, nodeId, serviceId: task?.serviceId ?? "" });
    }
  }

  #ended(id: string, failure?: string): void {
    const publisher = this.#publishers.get(id);
    if (!publisher) return;
    this.#publishers.delete(id);
    const { request } = publisher;
    request.open.delete(id);
    if (failure !== undefined) request.failures.push(failure);
    this.#finishIfDone(request);
  }

  #finishIfDone(open: OpenRequest): void {
    if (open.open.size === 0 && !open.request.options.follow) open.queue.end();
  }

  #close(open: OpenRequest): void {
    this.#requests.delete(open);
    for (const id of open.open) {
      const publisher = this.#publishers.get(id);
      this.#publishers.delete(id);
      if (publisher) this.#dispatcher.send(publisher.nodeId, { type: "unsubscribe-logs", id });
    }
  }

  #committed(batch: CommittedBatch): void {
    if (this.#requests.size === 0) return;
    const placed = batch.changes.flatMap(({ table, after }) =>
      table === "tasks" && after && isPlaced(after) ? [after] : [],
    );
    for (const open of this.#requests) {
      const { serviceId, options } = open.request;
      if (!options.follow || serviceId === undefined) continue;
      const news = placed.filter(
        (task) => task.serviceId === serviceId && !open.tasks.has(task.id),
      );
      const ids = news.map(({ id }) => id);
      if (ids.length > 0) void this.#subscribe(open, ids, new AbortController().signal);
    }
  }
}

/** Where an agent's log stream delivers. */
export interface LogPublication {
  receive(message: LogUpMessage): void;
  closed(): void;
  /** Resolves when the reader has caught up enough to take more. */
  ready(): Promise<void>;
}

const isPlaced = (task: Task): boolean =>
  task.nodeId !== undefined && compareStates(task.status.state, "assigned") >= 0;
