import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { Candidate } from "@skein/manager";
import { checkManagerProtocol, noLeader } from "@skein/manager";
import type { SpokenProtocols } from "@skein/manager";
import { OLDEST_MANAGER_PROTOCOL, PROTOCOL_VERSION } from "@skein/model";
import { connectRpc } from "@skein/platform";
import type { Credentials, RpcConnection, RpcMethod, RpcStream } from "@skein/platform";
import type { Store } from "@skein/store";
import type { Operations } from "./operations.ts";

/** How long a request waits for a leader, and how often one that can't be reached is tried, in ms. */
const LEADER_WAIT_MS = 10_000;
const RETRY_MS = 100;
/** How long connecting to the leader, and one operation there, may take, in ms. */
const CONNECT_MS = 2000;
const OPERATION_MS = 60_000;
/** How long an answer waits until this manager shows what the leader did, in ms. */
const CATCH_UP_MS = 5000;

/** The remote call by which managers ask the leader. */
const PERFORM_METHOD = "manager.perform";

interface Request {
  readonly name: string;
  readonly input: unknown;
}

/** What a request of another manager carries besides; absent from those of protocol 2. */
type Spoken = Partial<SpokenProtocols>;

const OLDEST = { protocol: OLDEST_MANAGER_PROTOCOL };
const OWN: Spoken = { protocol: PROTOCOL_VERSION, oldest: OLDEST_MANAGER_PROTOCOL };

type Reply =
  | { readonly kind: "done"; readonly result: unknown; readonly index: number }
  | { readonly kind: "not-leader" };

export interface LeaderLinkDependencies {
  readonly store: Store;
  readonly candidate: Candidate;
  readonly operations: Operations;
  readonly credentials: () => Credentials;
  readonly clock: Clock;
  readonly logger: Logger;
}

const uncertain = (reason: string): OperationError =>
  new OperationError(
    "unavailable",
    `the leader was lost while it worked on this request (${reason}): the change may have been made or not, ` +
      "look before you try again",
  );

const perform = async (operations: Operations, { name, input }: Request): Promise<unknown> => {
  const operation = operations[name];
  if (!operation) throw new OperationError("not-implemented", `no operation "${name}" here`);
  return operation(input as never);
};

/** Brings requests to the manager that leads, wherever it is. */
export class LeaderLink {
  readonly #deps: LeaderLinkDependencies;
  #connection: RpcConnection | undefined;
  /** Ends attempts to reach a leader that is none any more. */
  #dialing = new AbortController();
  #leaderId: string | undefined;
  readonly #unwatch: () => void;

  constructor(dependencies: LeaderLinkDependencies) {
    this.#deps = dependencies;
    this.#unwatch = dependencies.candidate.watch(() => this.#leaderChanged());
  }

  /**
   * Has the leader perform an operation; here, if this manager leads. When it was another one, the answer
   * comes after this manager shows what was done. Rejects with the operation's own error; with kind
   * `unavailable` when there is no leader for ten seconds, or when it was lost meanwhile. With `unseen` the
   * answer comes at once: nobody looks here for what was done, or this manager is out of the quorum.
   */
  async perform(
    name: string,
    input: unknown,
    { unseen = false }: { readonly unseen?: boolean } = {},
  ): Promise<unknown> {
    const { candidate, operations, clock } = this.#deps;
    const deadline = clock.monotonic() + LEADER_WAIT_MS;
    for (;;) {
      if (candidate.leader) return perform(operations, { name, input });
      const reply = await this.#ask({ name, input });
      if (reply.kind === "done") return unseen ? reply.result : this.#shown(reply);
      if (clock.monotonic() >= deadline) throw noLeader();
      await clock.sleep(RETRY_MS);
    }
  }

  /** Opens a stream to the leader, which is another manager. Rejects when there is none to be reached. */
  async stream(method: string): Promise<RpcStream> {
    const connection = await this.#connect();
    if (!connection) throw noLeader();
    return connection.stream(method);
  }

  /** What other managers may ask of this one. */
  methods(): readonly RpcMethod[] {
    return [
      {
        name: PERFORM_METHOD,
        allow: "manager",
        unary: async (_peer, request): Promise<Reply> => {
          const { candidate, operations, store } = this.#deps;
          if (!candidate.leader) return { kind: "not-leader" };
          checkManagerProtocol({ ...OLDEST, ...(request as Spoken) });
          const result = await perform(operations, request as Request);
          return { kind: "done", result, index: store.durableIndex };
        },
      },
    ];
  }

  async close(): Promise<void> {
    this.#unwatch();
    this.#dialing.abort(new Error("the manager stops"));
    await this.#connection?.close();
  }

  /** Nobody waits for one that has lost the lead: it may be gone without a word. */
  #leaderChanged(): void {
    const { leaderId } = this.#deps.candidate;
    if (leaderId === this.#leaderId) return;
    this.#leaderId = leaderId;
    this.#dialing.abort(new Error("another manager leads"));
    this.#dialing = new AbortController();
    void this.#connection?.close();
    this.#connection = undefined;
  }

  async #ask(request: Request): Promise<Reply> {
    const connection = await this.#connect();
    if (!connection) return { kind: "not-leader" };
    try {
      return (await connection.call(
        PERFORM_METHOD,
        { ...request, ...OWN },
        {
          timeoutMs: OPERATION_MS,
        },
      )) as Reply;
    } catch (error) {
      throw connection.closed.aborted ? uncertain(messageOf(error)) : error;
    }
  }

  /** A connection to the manager that leads now; undefined when there is none, or it is not reached. */
  async #connect(): Promise<RpcConnection | undefined> {
    const { candidate, store, credentials, logger } = this.#deps;
    const { leaderId } = candidate;
    const address = leaderId && store.view.get("nodes", leaderId)?.managerAddr;
    if (!address) return undefined;
    const present = this.#connection;
    if (present?.address === address && !present.closed.aborted) return present;
    void present?.close();
    this.#connection = undefined;
    try {
      const as = { kind: "node", credentials: credentials() } as const;
      const { signal } = this.#dialing;
      const connection = await connectRpc({ address, as, connectTimeoutMs: CONNECT_MS, signal });
      this.#connection = connection;
      return connection;
    } catch (error) {
      logger.debug("leader not reached", { address, reason: messageOf(error) });
      return undefined;
    }
  }

  async #shown({ result, index }: Extract<Reply, { kind: "done" }>): Promise<unknown> {
    await this.#deps.store.reached(index, AbortSignal.timeout(CATCH_UP_MS)).catch(() => {
      // It is done all the same; whoever reads here waits until it is fresh.
    });
    return result;
  }
}
