import { randomBytes } from "node:crypto";
import { OperationError } from "@skein/base";
import type { LogBatch } from "@skein/store";
import { EtcdError } from "./etcd-error.ts";
import { fencedTxn } from "./fenced-txn.ts";
import type { Fence } from "./fenced-txn.ts";
import { pack } from "./layout.ts";
import type { PackedRecord, Part, Position } from "./layout.ts";
import { persist } from "./patience.ts";

/** What goes into one transaction. */
export interface TxnLimits {
  readonly operations: number;
  readonly bytes: number;
}

/**
 * What a member of ours takes. It takes 8 MiB, and must never take 10: its log of what was written
 * ahead would then hold an entry that it refuses to read when it starts again (tried with 3.4.23).
 */
export const OWN_LIMITS: TxnLimits = { operations: 2_000, bytes: 4_000_000 };
/** What etcd takes when nobody has told it otherwise: 128 operations, 1.5 MiB. */
export const USUAL_LIMITS: TxnLimits = { operations: 120, bytes: 1_000_000 };
/** A piece of a large batch: more is not faster, and holds everything else up. */
const PART_LIMITS: TxnLimits = { operations: 500, bytes: 1_000_000 };

/** Bytes that sealing and the wire add to a record, at most. */
const OVERHEAD_BYTES = 128;

const sizeOf = ({ key, bytes }: PackedRecord): number =>
  2 * key.length + (bytes?.length ?? 0) + OVERHEAD_BYTES;

const isWithin = (records: readonly PackedRecord[], limits: TxnLimits): boolean =>
  records.length <= limits.operations &&
  records.reduce((sum, record) => sum + sizeOf(record), 0) <= limits.bytes;

/** Cuts records into pieces; one that is too large by itself is a piece of its own. */
export const cut = function* cut(
  records: Iterable<PackedRecord>,
  limits: TxnLimits,
): Generator<readonly PackedRecord[]> {
  let piece: PackedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    if (piece.length > 0 && (piece.length >= limits.operations || bytes + size > limits.bytes)) {
      yield piece;
      piece = [];
      bytes = 0;
    }
    piece.push(record);
    bytes += size;
  }
  if (piece.length > 0) yield piece;
};

const smaller = (one: TxnLimits, other: TxnLimits): TxnLimits => ({
  operations: Math.min(one.operations, other.operations),
  bytes: Math.min(one.bytes, other.bytes),
});

/**
 * Commits batches under one leadership. A batch that fits is one transaction. A larger one is
 * written in pieces beside the records, then becomes the newest batch in one transaction, which is
 * the moment at which it is durable; then its pieces are carried over to the records. Who reads in
 * between, or finds that a leader died in between, takes the pieces for the records.
 */
export class Committer {
  readonly #fence: Fence;
  #limits: TxnLimits;
  /** There may be pieces that were not carried over, of this leadership or of one before. */
  #isUntidy = true;

  constructor(fence: Fence, limits: TxnLimits) {
    this.#fence = fence;
    this.#limits = limits;
  }

  /** Makes a batch durable; resolves with the revision. Settles as {@link fencedTxn} does. */
  async commit(batch: LogBatch): Promise<number> {
    if (this.#isUntidy) await this.#tidy();
    const name = randomBytes(8).toString("hex");
    const position = { index: batch.index, term: batch.term, name, parts: 0 };
    // Encoded piece by piece: signs of life must go out in between.
    if (batch.records.length > this.#limits.operations)
      return this.#commitParts(position, pack(batch.records));
    const records = [...pack(batch.records)];
    if (!isWithin(records, this.#limits)) return this.#commitParts(position, records);
    try {
      return await this.#become(position, records);
    } catch (error) {
      if (!isTooLarge(error) || isWithin(records, USUAL_LIMITS)) throw refusal(error, batch);
      this.#limits = USUAL_LIMITS; // somebody's etcd, with its usual limits
      return this.#commitParts(position, records);
    }
  }

  #become(position: Position, records: readonly PackedRecord[]): Promise<number> {
    const { layout } = this.#fence;
    const value = `${position.term} ${position.name} ${position.parts}`;
    return fencedTxn(this.#fence, {
      onIndex: position.index - 1,
      operations: [...layout.writes(records), ...layout.position(position)],
      hasHappened: (newest) => newest === value,
    });
  }

  async #commitParts(given: Position, records: Iterable<PackedRecord>): Promise<number> {
    const { layout } = this.#fence;
    let parts = 0;
    this.#isUntidy = true;
    for (const piece of cut(records, smaller(PART_LIMITS, this.#limits))) {
      const operations = [layout.partPut(given, parts, piece)];
      await fencedTxn(this.#fence, { onIndex: given.index - 1, operations });
      parts += 1;
    }
    const revision = await this.#become({ ...given, parts }, []);
    // Durable. What goes wrong from here on is for the next commit, or the next leader.
    await this.#tidy().catch(() => {});
    return revision;
  }

  /** Carries the pieces of the newest batch over to the records, and removes all others. */
  async #tidy(): Promise<void> {
    const { client, layout, held } = this.#fence;
    const patience = { signal: held.lost };
    const success = [
      { range: { key: layout.index } },
      { range: { key: layout.batch } },
      { range: { ...layout.parts, keysOnly: true } },
    ];
    const { ranges } = await persist(
      (call) => client.txn({ compare: [], success }, call),
      patience,
    );
    const [index, batch, parts = []] = ranges;
    if (index?.[0] === undefined) return;
    const newest = layout.parsePosition(index[0].value, batch?.[0]?.value);
    for (const { key } of parts) {
      const page = await persist((call) => client.range({ key }, call), patience);
      const part = page.kvs[0] && layout.part(page.kvs[0]);
      if (part !== undefined) await this.#settle(part, newest);
    }
    this.#isUntidy = false;
  }

  async #settle(part: Part, newest: Position): Promise<void> {
    const { layout } = this.#fence;
    const isCommitted = part.batch.index === newest.index && part.batch.name === newest.name;
    const records = isCommitted ? layout.openPart(part) : [];
    const operations = [...layout.writes(records), { delete: { key: part.key } }];
    await fencedTxn(this.#fence, { onIndex: newest.index, operations });
  }
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof EtcdError && error.kind === "invalid-parameter";

const refusal = (error: unknown, batch: LogBatch): unknown =>
  isTooLarge(error)
    ? new OperationError(
        "internal",
        `etcd refuses a change of ${batch.records.length} objects: one of them is too large for it (--max-request-bytes)`,
        { cause: error },
      )
    : error;
