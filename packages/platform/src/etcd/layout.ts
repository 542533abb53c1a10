import { OperationError, messageOf } from "@skein/base";
import type { LogBatch, LogRecord } from "@skein/store";
import { Packr } from "msgpackr";
import { newSealer } from "../shared/sealing.ts";
import type { Sealer } from "../shared/sealing.ts";
import { prefixEnd } from "./wire-types.ts";
import type { Operation, WireEvent, WireKeyValue } from "./wire-types.ts";

/** Plain msgpack, without msgpackr's stateful records: each value stands alone. */
const packer = new Packr({ useRecords: false, int64AsType: "number" });

/** What one revision did to the log: a batch, or nothing that concerns those who follow. */
export type Entry = { readonly revision: number; readonly batch: LogBatch | undefined };

/**
 * Where things are in etcd. Under `/skein/<cluster id>/`:
 *
 * - `header`: the format, and which key seals the values
 * - `leader`: who leads, bound to its lease; the revision that created it is the term
 * - `log/index`, `log/batch`: the newest batch: its index; its term and a random name
 * - `log/restoring`: there while a state is copied in
 * - `log/record/<key>`: each living object, sealed
 */
export class Layout {
  readonly header: Buffer;
  readonly leader: Buffer;
  readonly index: Buffer;
  readonly batch: Buffer;
  readonly restoring: Buffer;
  /** Everything that a batch touches. */
  readonly log: { readonly key: Buffer; readonly rangeEnd: Buffer };
  readonly records: { readonly key: Buffer; readonly rangeEnd: Buffer };
  readonly #prefix: string;
  readonly #sealer: Sealer;

  constructor(clusterId: string, dataKey: Uint8Array) {
    const root = `/skein/${clusterId}`;
    this.header = Buffer.from(`${root}/header`);
    this.leader = Buffer.from(`${root}/leader`);
    this.index = Buffer.from(`${root}/log/index`);
    this.batch = Buffer.from(`${root}/log/batch`);
    this.restoring = Buffer.from(`${root}/log/restoring`);
    this.log = { key: Buffer.from(`${root}/log/`), rangeEnd: prefixEnd(`${root}/log/`) };
    this.#prefix = `${root}/log/record/`;
    this.records = { key: Buffer.from(this.#prefix), rangeEnd: prefixEnd(this.#prefix) };
    this.#sealer = newSealer(dataKey);
  }

  /** The operations that write `records`; of several with one key the last one counts. */
  writes(records: readonly LogRecord[]): readonly Operation[] {
    const last = new Map(records.map(({ key, value }) => [key, value]));
    return [...last].map(([name, value]): Operation => {
      const key = Buffer.from(this.#prefix + name);
      if (value === undefined) return { delete: { key } };
      return { put: { key, value: this.#sealer.seal(`record/${name}`, packer.pack(value)) } };
    });
  }

  /** The operations that make a batch the newest one; `name` tells it from every other. */
  position(batch: LogBatch, name: string): readonly Operation[] {
    return [
      { put: { key: this.index, value: indexValue(batch.index) } },
      { put: { key: this.batch, value: Buffer.from(`${batch.term} ${name}`) } },
    ];
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

  /** What each revision did, in order. Throws as {@link Layout.record} does. */
  entries(events: readonly WireEvent[]): readonly Entry[] {
    const revisions = new Map<number, WireEvent[]>();
    for (const event of events) {
      const revision = Number(event.kv.modRevision);
      const group = revisions.get(revision) ?? [];
      revisions.set(revision, group);
      group.push(event);
    }
    return [...revisions].map(([revision, group]) => ({ revision, batch: this.#batchOf(group) }));
  }

  #batchOf(events: readonly WireEvent[]): LogBatch | undefined {
    const put = (key: Buffer): Buffer | undefined =>
      events.find(({ type, kv }) => type === 0 && kv.key.equals(key))?.kv.value;
    const index = put(this.index);
    if (index === undefined) return undefined;
    const records = events
      .filter(({ kv }) => this.isRecord(kv.key))
      .map(({ type, kv }) => (type === 0 ? this.record(kv) : this.#removed(kv.key)));
    const term = Number.parseInt(put(this.batch)?.toString("latin1") ?? "0", 10);
    return { index: parseIndex(index), term, records };
  }

  #removed(key: Buffer): LogRecord {
    return { key: key.toString("utf8").slice(this.#prefix.length), value: undefined };
  }
}

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
