import { OperationError, messageOf } from "@skein/base";
import type { LogRecord } from "@skein/store";
import { Packr } from "msgpackr";
import { newSealer } from "../shared/sealing.ts";
import type { Sealer } from "../shared/sealing.ts";
import { prefixEnd } from "./wire-types.ts";
import type { Operation, WireKeyValue } from "./wire-types.ts";

/** Plain msgpack, without msgpackr's stateful records: each value stands alone. */
const packer = new Packr({ useRecords: false, int64AsType: "number" });

/** A record, encoded and not yet sealed; without bytes it is removed. */
export interface PackedRecord {
  readonly key: string;
  readonly bytes: Uint8Array | undefined;
}

/** Which batch: two that were tried for one index differ in their name. */
export interface BatchId {
  readonly index: number;
  readonly name: string;
}

/** A piece of a batch that is too large for one transaction. */
export interface Part {
  readonly batch: BatchId;
  /** 0, 1, 2 ... */
  readonly number: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The newest batch, as it is written down. */
export interface Position extends BatchId {
  readonly term: number;
  /** In how many pieces it was written; 0: its records came with it. */
  readonly parts: number;
}

/**
 * Where things are in etcd. Under `/skein/<cluster id>/`:
 *
 * - `header`: the format, and which key seals the values
 * - `leader`: who leads, bound to its lease; the revision that created it is the term
 * - `pulse`: what the leader changes all the time, to show that it is there
 * - `log/index`, `log/batch`: the newest batch: its index; its term, a random name, its parts
 * - `log/part/<index>/<name>/<number>`: many records of a batch that is too large for one
 *   transaction, sealed together; of the newest batch they count instead of what the records say
 * - `log/restoring`: there while a state is copied in
 * - `log/record/<key>`: each living object, sealed
 */
export class Layout {
  readonly header: Buffer;
  readonly leader: Buffer;
  readonly pulse: Buffer;
  readonly index: Buffer;
  readonly batch: Buffer;
  readonly restoring: Buffer;
  /** Everything that a batch touches. */
  readonly log: { readonly key: Buffer; readonly rangeEnd: Buffer };
  readonly records: { readonly key: Buffer; readonly rangeEnd: Buffer };
  readonly parts: { readonly key: Buffer; readonly rangeEnd: Buffer };
  readonly #prefix: string;
  readonly #partPrefix: string;
  readonly #sealer: Sealer;

  constructor(clusterId: string, dataKey: Uint8Array) {
    const root = `/skein/${clusterId}`;
    this.header = Buffer.from(`${root}/header`);
    this.leader = Buffer.from(`${root}/leader`);
    this.pulse = Buffer.from(`${root}/pulse`);
    this.index = Buffer.from(`${root}/log/index`);
    this.batch = Buffer.from(`${root}/log/batch`);
    this.restoring = Buffer.from(`${root}/log/restoring`);
    this.log = { key: Buffer.from(`${root}/log/`), rangeEnd: prefixEnd(`${root}/log/`) };
    this.#prefix = `${root}/log/record/`;
    this.records = { key: Buffer.from(this.#prefix), rangeEnd: prefixEnd(this.#prefix) };
    this.#partPrefix = `${root}/log/part/`;
    this.parts = { key: Buffer.from(this.#partPrefix), rangeEnd: prefixEnd(this.#partPrefix) };
    this.#sealer = newSealer(dataKey);
  }

  /** The operations that write `records`. */
  writes(records: readonly PackedRecord[]): readonly Operation[] {
    return records.map(({ key: name, bytes }): Operation => {
      const key = Buffer.from(this.#prefix + name);
      if (bytes === undefined) return { delete: { key } };
      return { put: { key, value: this.#sealer.seal(`record/${name}`, bytes) } };
    });
  }

  /** The operations that make a batch the newest one. */
  position({ index, term, name, parts }: Position): readonly Operation[] {
    return [
      { put: { key: this.index, value: indexValue(index) } },
      { put: { key: this.batch, value: Buffer.from(`${term} ${name} ${parts}`) } },
    ];
  }

  /** Reads what {@link Layout.position} wrote; an empty log has no batch. */
  parsePosition(index: Buffer, batch: Buffer | undefined): Position {
    const [term, name = "", parts] = (batch?.toString("latin1") ?? "0").split(" ");
    return { index: parseIndex(index), term: Number(term), name, parts: Number(parts ?? 0) };
  }

  /** The operation that writes a piece of a batch. */
  partPut({ index, name }: BatchId, number: number, records: readonly PackedRecord[]): Operation {
    const key = `${String(index).padStart(16, "0")}/${name}/${String(number).padStart(8, "0")}`;
    const bytes = packer.pack(records.map((record) => [record.key, record.bytes ?? null]));
    return {
      put: {
        key: Buffer.from(this.#partPrefix + key),
        value: this.#sealer.seal(`part/${key}`, bytes),
      },
    };
  }

  /** What the key of a piece says; undefined for other keys. */
  part({ key, value }: Pick<WireKeyValue, "key" | "value">): Part | undefined {
    const text = key.toString("latin1");
    if (!text.startsWith(this.#partPrefix)) return undefined;
    const [index, name = "", number] = text.slice(this.#partPrefix.length).split("/");
    return { batch: { index: Number(index), name }, number: Number(number), key, value };
  }

  /** The records of a piece. Throws (kind `internal`) when it can't be opened. */
  openPart({ key, value }: Part): readonly PackedRecord[] {
    const name = key.toString("latin1").slice(this.#partPrefix.length);
    try {
      const records: unknown = packer.unpack(this.#sealer.open(`part/${name}`, value));
      return (records as [string, Uint8Array | null][]).map(([record, bytes]) => ({
        key: record,
        bytes: bytes ?? undefined,
      }));
    } catch (error) {
      throw unusable(`"part/${name}" is damaged: ${messageOf(error)}`, error);
    }
  }

  /** The record of a key and its value. Throws (kind `internal`) when it can't be opened. */
  record({ key, value }: Pick<WireKeyValue, "key" | "value">): LogRecord {
    const name = key.toString("utf8").slice(this.#prefix.length);
    try {
      return { key: name, value: packer.unpack(this.#sealer.open(`record/${name}`, value)) };
    } catch (error) {
      throw unusable(`"record/${name}" is damaged: ${messageOf(error)}`, error);
    }
  }

  isRecord(key: Buffer): boolean {
    return key.subarray(0, this.records.key.length).equals(this.records.key);
  }

  /** The record that a removed key stood for. */
  removed(key: Buffer): LogRecord {
    return { key: key.toString("utf8").slice(this.#prefix.length), value: undefined };
  }
}

/** Encodes records one by one, when they are asked for; of several with one key the last one counts. */
export const pack = function* pack(records: readonly LogRecord[]): Generator<PackedRecord> {
  const last = new Map(records.map(({ key, value }) => [key, value]));
  for (const [key, value] of last)
    yield { key, bytes: value === undefined ? undefined : packer.pack(value) };
};

/** The record as it was before it was encoded. */
export const unpack = ({ key, bytes }: PackedRecord): LogRecord => ({
  key,
  value: bytes === undefined ? undefined : packer.unpack(bytes),
});

/** How an index is written: etcd compares it as bytes. */
export const indexValue = (index: number): Buffer => Buffer.from(String(index));

/** Reads an index. Throws (kind `internal`) when it is none. */
export const parseIndex = (value: Buffer): number => {
  const text = value.toString("latin1");
  if (!/^\d+$/u.test(text)) throw unusable("its index is damaged");
  return Number(text);
};

/** The state is there but can't be used. */
export const unusable = (problem: string, cause?: unknown): OperationError =>
  new OperationError("internal", `the cluster's state in etcd cannot be used: ${problem}`, {
    cause,
  });
