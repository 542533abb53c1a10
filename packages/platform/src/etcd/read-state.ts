import type { LoadedState, LogRecord } from "@skein/store";
import type { EtcdClient, RangePage } from "./client.ts";
import { EtcdError } from "./etcd-error.ts";
import { parseIndex, unusable } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { persist } from "./patience.ts";
import type { Patience } from "./patience.ts";

/** A state, and the revision at which it was read. */
export interface StateAt extends LoadedState {
  readonly revision: number;
}

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

/** Reads the log's keys page by page, all at the revision of the first page. */
const readOnce = async (
  client: EtcdClient,
  layout: Layout,
  signal?: AbortSignal,
): Promise<StateAt> => {
  const records: LogRecord[] = [];
  let index: number | undefined;
  let { key } = layout.log;
  let revision = 0;
  for (let limit = FIRST_PAGE; ;) {
    const request = { key, rangeEnd: layout.log.rangeEnd, limit, revision };
    const page = await persist((call) => client.range(request, call), {
      timeoutMs: 10_000,
      signal,
    });
    if (revision === 0) ({ revision } = page);
    for (const kv of page.kvs) {
      if (layout.isRecord(kv.key)) records.push(layout.record(kv));
      else if (kv.key.equals(layout.index)) index = parseIndex(kv.value);
      else if (kv.key.equals(layout.restoring))
        throw unusable("a state was being copied into it, and that was not finished");
    }
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) break;
    key = after(last.key);
    limit = nextLimit(limit, page);
  }
  if (index === undefined) throw unusable("its index is missing");
  return { index, records, revision };
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
