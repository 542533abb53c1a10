import type { LogBatch } from "@skein/store";
import { unpack } from "./layout.ts";
import type { Layout, Part } from "./layout.ts";
import type { WireEvent } from "./wire-types.ts";

/** What one revision did to the log: a batch, or nothing that concerns those who follow. */
export interface Entry {
  readonly revision: number;
  /** `unknown`: its pieces were written before this follower began. */
  readonly batch: LogBatch | "unknown" | undefined;
}

const byRevision = (events: readonly WireEvent[]): ReadonlyMap<number, readonly WireEvent[]> => {
  const revisions = new Map<number, WireEvent[]>();
  for (const event of events) {
    const revision = Number(event.kv.modRevision);
    const group = revisions.get(revision) ?? [];
    revisions.set(revision, group);
    group.push(event);
  }
  return revisions;
};

const isPut = ({ type }: WireEvent): boolean => type === 0;

/** Makes batches of what a watch tells. Keeps the pieces of a large batch until it is complete. */
export class RevisionReader {
  readonly #layout: Layout;
  #parts: Part[] = [];

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /**
   * What each revision did, in order. Throws (kind `internal`) when something can't be opened.
   */
  *read(events: readonly WireEvent[]): Generator<Entry> {
    for (const [revision, group] of byRevision(events)) {
      for (const event of group) {
        const part = isPut(event) ? this.#layout.part(event.kv) : undefined;
        if (part !== undefined) this.#parts.push(part);
      }
      yield { revision, batch: this.#batchOf(group) };
    }
  }

  /** Forgets the pieces of unfinished batches. */
  clear(): void {
    this.#parts = [];
  }

  #batchOf(events: readonly WireEvent[]): Entry["batch"] {
    const layout = this.#layout;
    const put = (key: Buffer): Buffer | undefined =>
      events.find((event) => isPut(event) && event.kv.key.equals(key))?.kv.value;
    const written = put(layout.index);
    if (written === undefined) return undefined;
    const { index, term, name, parts } = layout.parsePosition(written, put(layout.batch));
    const pieces = new Map(
      this.#parts
        .filter(({ batch }) => batch.index === index && batch.name === name)
        .map((part) => [part.number, part]), // one that was written twice is the same
    );
    this.clear();
    if (pieces.size !== parts) return "unknown";
    const large = [...pieces.values()].flatMap((part) => layout.openPart(part).map(unpack));
    const small = events
      .filter(({ kv }) => layout.isRecord(kv.key))
      .map((event) => (isPut(event) ? layout.record(event.kv) : layout.removed(event.kv.key)));
    return { index, term, records: [...large, ...small] };
  }
}
