import type { LoadedState, LogRecord } from "@skein/store";
import type { EtcdClient, RangePage } from "./client.ts";
import { EtcdError } from "./etcd-error.ts";
import { unpack, unusable } from "./layout.ts";
import type { Layout, Part } from "./layout.ts";
import { persist } from "./patience.ts";
import type { Patience } from "./patience.ts";
import type { WireKeyValue } from "./wire-types.ts";

/** A state, and the revision at which it was read. */
export interface StateAt extends LoadedState {
  readonly revision: number;
}

const PAGE_MS = 10_000;
const FIRST_PAGE = 100;
const LARGEST_PAGE = 5_000;
/** Pages of more bytes are halved next time, pages of less than an eighth of it doubled. */
const PAGE_BYTES = 8_388_608;

const nextLimit = (limit: number, { kvs }: RangePage): number => {
  const bytes = kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  if (bytes > PAGE_BYTES) return Math.max(1, Math.floor(limit / 2));
  return bytes < PAGE_BYTES / 8 ? Math.min(limit * 2, LARGEST_PAGE) : limit;
};

const after = (key: Buffer): Buffer => Buffer.concat([key, Buffer.from([0])]);

/** What is found while the pages go by. */
class StateReader {
  readonly #layout: Layout;
  readonly #records: LogRecord[] = [];
  readonly #parts: Part[] = [];
  #index: Buffer | undefined;
  #batch: Buffer | undefined;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  take(kv: WireKeyValue): void {
    const layout = this.#layout;
    const part = layout.part(kv);
    if (part !== undefined) this.#parts.push(part);
    else if (layout.isRecord(kv.key)) this.#records.push(layout.record(kv));
    else if (kv.key.equals(layout.index)) this.#index = kv.value;
    else if (kv.key.equals(layout.batch)) this.#batch = kv.value;
    else if (kv.key.equals(layout.restoring))
      throw unusable("a state was being copied into it, and that was not finished");
  }

  result(revision: number): StateAt {
    if (this.#index === undefined) throw unusable("its index is missing");
    const { index, name } = this.#layout.parsePosition(this.#index, this.#batch);
    const late = this.#parts
      .filter(({ batch }) => batch.index === index && batch.name === name)
      .flatMap((part) => this.#layout.openPart(part).map(unpack));
    return { index, records: overlaid(this.#records, late), revision };
  }
}

/** The records once pieces of the newest batch are carried over. */
const overlaid = (
  records: readonly LogRecord[],
  late: readonly LogRecord[],
): readonly LogRecord[] => {
  if (late.length === 0) return records;
  const living = new Map(records.map((record) => [record.key, record]));
  for (const record of late)
    if (record.value === undefined) living.delete(record.key);
    else living.set(record.key, record);
  return [...living.values()];
};

/** Reads the log's keys page by page, all at the revision of the first page. */
const readOnce = async (
  client: EtcdClient,
  layout: Layout,
  signal?: AbortSignal,
): Promise<StateAt> => {
  const reader = new StateReader(layout);
  let { key } = layout.log;
  let revision = 0;
  for (let limit = FIRST_PAGE; ;) {
    const request = { key, rangeEnd: layout.log.rangeEnd, limit, revision };
    const patience = { timeoutMs: PAGE_MS, signal };
    const page = await persist((call) => client.range(request, call), patience);
    if (revision === 0) ({ revision } = page);
    for (const kv of page.kvs) reader.take(kv);
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return reader.result(revision);
    key = after(last.key);
    limit = nextLimit(limit, page);
  }
};

/**
 * Reads the whole state as it was at one moment. Begins anew when the revision that it reads was
 * compacted meanwhile.
 */
export const readState = (
  client: EtcdClient,
  layout: Layout,
  patience: Patience,
): Promise<StateAt> =>
  persist(({ signal }) => readOnce(client, layout, signal), {
    ...patience,
    retries: (error) =>
      error instanceof EtcdError && (error.isAmbiguous || error.kind === "out-of-range"),
  });
