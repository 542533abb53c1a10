import { OperationError, messageOf } from "@skein/base";
import type { Clock, Logger } from "@skein/base";
import type { EtcdClient, MemberStatus } from "./client.ts";
import { compareCreated } from "./wire-types.ts";

/** What upkeep needs. */
export interface UpkeepOptions {
  /** Reaches this manager's own member, and no other. */
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bytes the database may have: what the member was started with. */
  readonly quotaBytes: number;
  /** Revisions that are kept for followers that were away; 1,000. */
  readonly keepRevisions?: number;
  /** The pause between two looks, in milliseconds; 10,000. */
  readonly periodMs?: number;
}

const KEEP_REVISIONS = 1_000;
const PERIOD_MS = 10_000;
/** Defragmenting halts a member for about a second per 100 MB: smaller files are left alone. */
const SMALL_BYTES = 64 * 1_048_576;
/** A file of which less than this share is in use is rewritten ... */
const USED_SHARE = 0.4;
/** ... and by this share of its quota at the latest, whatever is in use. */
const URGENT_SHARE = 0.8;
/** Looks for which the leader waits: the others go first. */
const LEADER_LOOKS = 3;
/** How long a full database is left alone after it was rewritten. */
const REST_MS = 300_000;
const DEFRAGMENT_MS = 120_000;
const LOCK_SECONDS = 150;
/** One member at a time is defragmented: this key, bound to a lease, says which. */
const LOCK = Buffer.from("/skein-upkeep/defragment");

/**
 * Keeps the etcd of one manager small: the leader's forgets old revisions; each member rewrites its
 * file when most of it is free, one member at a time and the leader last; an alarm that stopped
 * all writes is cleared when there is room again. Only for members of ours: other users of an etcd may need what
 * would be forgotten.
 */
export class EtcdUpkeep {
  readonly #options: UpkeepOptions;
  readonly #keep: number;
  #compacted = 0;
  #looksWanting = 0;
  #defragmentAfter = 0;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#keep = options.keepRevisions ?? KEEP_REVISIONS;
  }

  /** Looks again and again until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, periodMs = PERIOD_MS } = this.#options;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        logger.debug("the upkeep of etcd failed and is tried again", { reason: messageOf(error) });
      }
      await clock.sleep(periodMs, signal).catch(() => {}); // aborted
    }
  }

  /** One look, and what it finds to do. Rejects when etcd does not answer. */
  async look(): Promise<void> {
    const { client } = this.#options;
    const status = await client.status();
    if (status.isLearner || status.leader === undefined) return;
    const isLeader = status.leader === status.memberId;
    if (isLeader) await this.#compact();
    this.#looksWanting = this.#isWanting(status) ? this.#looksWanting + 1 : 0;
    if (this.#looksWanting > (isLeader ? LEADER_LOOKS : 0)) await this.#defragment();
    if (isLeader) await this.#clearAlarm();
  }

  async #compact(): Promise<void> {
    const { client } = this.#options;
    const { revision } = await client.range({ key: LOCK, serializable: true });
    const before = revision - this.#keep;
    if (before - this.#compacted < this.#keep) return;
    await client.compact(before).catch((error: unknown) => {
      // Another leader has compacted it.
      if (!(error instanceof OperationError) || error.kind !== "out-of-range") throw error;
    });
    this.#compacted = before;
  }

  #isWanting({ dbSize, dbSizeInUse, errors }: MemberStatus): boolean {
    const isUrgent = dbSize > URGENT_SHARE * this.#options.quotaBytes;
    // What is in use is counted anew with writes only, and there are none now.
    if (isUrgent && errors.some((error) => error.includes("NOSPACE"))) return this.#isRested();
    if (dbSize < SMALL_BYTES && !isUrgent) return false;
    return dbSizeInUse < USED_SHARE * dbSize || (isUrgent && dbSizeInUse < URGENT_SHARE * dbSize);
  }

  /** A database that is full of what is needed is not rewritten again and again. */
  #isRested(): boolean {
    return this.#options.clock.monotonic() >= this.#defragmentAfter;
  }

  async #defragment(): Promise<void> {
    const { client, clock, logger } = this.#options;
    const lease = await client.lease({ ttlSeconds: LOCK_SECONDS }).catch(() => undefined);
    try {
      // Without space no lease is granted: then nobody has the time to be polite.
      if (lease !== undefined && !(await this.#lock(lease.id))) return;
      const began = clock.monotonic();
      await client.defragment({ timeoutMs: DEFRAGMENT_MS });
      const ms = Math.round(clock.monotonic() - began);
      this.#defragmentAfter = clock.monotonic() + REST_MS;
      logger.info("the database of etcd was defragmented", { ms });
      this.#looksWanting = 0;
    } finally {
      await lease?.revoke();
    }
  }

  async #lock(lease: string): Promise<boolean> {
    const { succeeded } = await this.#options.client.txn({
      compare: [compareCreated(LOCK, 0)],
      success: [{ put: { key: LOCK, value: Buffer.alloc(0), lease } }],
    });
    return succeeded;
  }

  /** The alarm of a full database stays until somebody clears it, also when there is room again. */
  async #clearAlarm(): Promise<void> {
    const { client, logger, quotaBytes } = this.#options;
    for (const alarm of await client.alarms()) {
      if (alarm.alarm !== "no-space") continue;
      const { dbSize } = await client.status();
      if (dbSize > URGENT_SHARE * quotaBytes) {
        logger.error("etcd takes no changes: its database is full", { dbSize, quotaBytes });
        continue;
      }
      await client.clearAlarm(alarm);
      logger.info("etcd takes changes again: there is room in its database", { dbSize });
    }
  }
}
