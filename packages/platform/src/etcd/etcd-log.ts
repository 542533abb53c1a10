import type { Logger } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Leadership, LoadedState, Log, LogBatch, LogListener } from "@skein/store";
import { keyIdentifier } from "../shared/sealing.ts";
import type { EtcdClient } from "./client.ts";
import { Committer, OWN_LIMITS } from "./commit-batch.ts";
import type { TxnLimits } from "./commit-batch.ts";
import { elect } from "./election.ts";
import type { HeldLeadership } from "./election.ts";
import { followLog } from "./follow-log.ts";
import type { Place } from "./follow-log.ts";
import { indexValue, Layout, parseIndex, unusable } from "./layout.ts";
import { LeaderWatch } from "./leader-watch.ts";
import { noLongerLeader, persist } from "./patience.ts";
import { readState } from "./read-state.ts";
import { restoreState } from "./restore-state.ts";
import { compareCreated } from "./wire-types.ts";

const FORMAT = "skein-state-1";
/** How long opening, loading and asking for the index go on trying, in milliseconds. */
const PATIENCE_MS = { open: 15_000, load: 60_000, readIndex: 5_000 };
/** Places in the log that are remembered: following can begin there without reading everything. */
const PLACES_MAX = 64;
/** A leader that is alive is not to lose its lease while etcd elects a leader of its own. */
const LEASE_SECONDS = 6;
const SILENCE_MS = 1_000;

/** Where the log is and with what it is sealed. */
export interface EtcdLogOptions {
  /** Remains the caller's: closing the log does not close it. */
  readonly client: EtcdClient;
  /** Several clusters may share one etcd. */
  readonly clusterId: string;
  /** The data key of 32 bytes, the same on each manager. */
  readonly key: Uint8Array;
  readonly logger: Logger;
  /**
   * How long a leader whom etcd does not hear stays the leader, in whole seconds; 6 by default. etcd
   * makes it at least one and a half times its election timeout.
   */
  readonly leaseSeconds?: number;
  /** What goes into one transaction; what a member of ours takes by default. */
  readonly limits?: TxnLimits;
  /**
   * How long a leader may show nothing of itself, while etcd answers, before another candidate takes
   * over, in milliseconds; 1000 by default.
   */
  readonly silenceMs?: number;
}

/** A log that several managers share. */
export interface EtcdLog extends Log {
  /**
   * Fills an empty log with a whole state, index included. Killed half-way, the log refuses to be
   * loaded until this was called again. Rejects (kind `conflict`) when the log is not empty.
   */
  restore(state: LoadedState, signal?: AbortSignal): Promise<void>;
}

class SharedLog implements EtcdLog {
  readonly #client: EtcdClient;
  readonly #layout: Layout;
  readonly #logger: Logger;
  readonly #leaseSeconds: number;
  readonly #limits: TxnLimits;
  readonly #silenceMs: number;
  readonly #closed = new AbortController();
  readonly #leaderWatch: LeaderWatch;
  readonly #places = new Map<number, number>();
  #term: { readonly held: HeldLeadership; readonly committer: Committer } | undefined;

  constructor(options: EtcdLogOptions) {
    this.#client = options.client;
    this.#layout = new Layout(options.clusterId, options.key);
    this.#logger = options.logger;
    this.#limits = options.limits ?? OWN_LIMITS;
    this.#leaseSeconds = options.leaseSeconds ?? LEASE_SECONDS;
    this.#silenceMs = options.silenceMs ?? SILENCE_MS;
    this.#leaderWatch = new LeaderWatch(this.#client, this.#layout, this.#closed.signal);
  }

  /** Checks format and key; where nothing is yet, an empty log is made. */
  async start(key: Uint8Array): Promise<void> {
    const wanted = `${FORMAT} ${keyIdentifier(key)}`;
    const { header, index } = this.#layout;
    const request = {
      compare: [compareCreated(header, 0)],
      success: [
        { put: { key: header, value: Buffer.from(wanted) } },
        { put: { key: index, value: indexValue(0) } },
      ],
      failure: [{ range: { key: header } }],
    };
    const patience = { timeoutMs: PATIENCE_MS.open };
    const result = await persist((call) => this.#client.txn(request, call), patience);
    const found = result.ranges[0]?.[0]?.value.toString("utf8");
    if (result.succeeded || found === wanted) return;
    throw unusable(
      found?.startsWith(`${FORMAT} `) === true
        ? "it was sealed with another manager key"
        : "its format is not known to this version",
    );
  }

  async load(): Promise<LoadedState> {
    const patience = { timeoutMs: PATIENCE_MS.load, signal: this.#closed.signal };
    const { revision, ...state } = await readState(this.#client, this.#layout, patience);
    this.#remember({ index: state.index, revision });
    return state;
  }

  async commit(batch: LogBatch): Promise<void> {
    const { held, committer } = this.#term ?? {};
    if (held?.term !== batch.term || committer === undefined || !held.valid())
      throw noLongerLeader();
    const revision = await committer.commit(batch);
    this.#remember({ index: batch.index, revision });
  }

  watch(afterIndex: number, listener: LogListener, signal: AbortSignal): void {
    const revision = this.#places.get(afterIndex);
    const from = revision === undefined ? { index: afterIndex } : { index: afterIndex, revision };
    const parts = {
      client: this.#client,
      layout: this.#layout,
      logger: this.#logger,
      onPlace: (place: Place) => this.#remember(place),
    };
    void followLog(parts, listener, from, AbortSignal.any([signal, this.#closed.signal]));
  }

  async readIndex(signal: AbortSignal): Promise<number> {
    const request = { key: this.#layout.index };
    const either = AbortSignal.any([signal, this.#closed.signal]);
    const patience = { timeoutMs: PATIENCE_MS.readIndex, signal: either };
    const { kvs } = await persist((call) => this.#client.range(request, call), patience);
    if (kvs[0] === undefined) throw unusable("its index is missing");
    return parseIndex(kvs[0].value);
  }

  async campaign(candidate: string, signal: AbortSignal): Promise<Leadership> {
    this.#term?.held.lose(new OperationError("unavailable", "another candidate took over"));
    const either = AbortSignal.any([signal, this.#closed.signal]);
    const parts = {
      client: this.#client,
      layout: this.#layout,
      leaderWatch: this.#leaderWatch,
      leaseSeconds: this.#leaseSeconds,
      silenceMs: this.#silenceMs,
    };
    const held = await elect(parts, candidate, either);
    const fence = { client: this.#client, layout: this.#layout, held };
    const committer = new Committer(fence, this.#limits);
    this.#term = { held, committer };
    return held;
  }

  observeLeader(listener: (candidate: string | undefined) => void, signal: AbortSignal): void {
    let told: string | undefined;
    listener(told);
    this.#leaderWatch.listen((leader) => {
      if (leader?.candidate === told) return;
      told = leader?.candidate;
      listener(told);
    }, signal);
  }

  restore(state: LoadedState, signal?: AbortSignal): Promise<void> {
    return restoreState(this.#client, this.#layout, state, signal);
  }

  async close(): Promise<void> {
    await this.#term?.held.resign();
    this.#closed.abort(new OperationError("unavailable", "the log is closed"));
  }

  #remember({ index, revision }: Place): void {
    this.#places.delete(index);
    this.#places.set(index, revision);
    const [oldest] = this.#places.keys();
    if (this.#places.size > PLACES_MAX && oldest !== undefined) this.#places.delete(oldest);
  }
}

/**
 * Opens the log that several managers share in etcd, or makes it. A batch is durable when its
 * commit resolves: the majority of etcd's members has it on disk. Values are encoded as msgpack and
 * sealed as those of the log on lmdb. Rejects with kind `unavailable` or `deadline-exceeded` when
 * etcd gives no answer for fifteen seconds, and with `internal` when the state was sealed with
 * another key.
 */
export const openEtcdLog = async (options: EtcdLogOptions): Promise<EtcdLog> => {
  const log = new SharedLog(options);
  await log.start(options.key);
  return log;
};
