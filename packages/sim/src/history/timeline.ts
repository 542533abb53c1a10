import type { Operation } from "./operation.ts";

/** The begin or the end of an operation, in a list of both in the order of time. */
export interface Entry {
  readonly id: number;
  readonly operation: Operation;
  readonly at: number;
  /** Begin: its end; undefined for those that may have happened at any time since, or never. */
  readonly end: Entry | undefined;
  readonly isEnd: boolean;
  before: Entry | undefined;
  next: Entry | undefined;
}

/** Takes the entry out; it keeps its place in mind. */
const unlink = (entry: Entry): void => {
  if (entry.before) entry.before.next = entry.next;
  if (entry.next) entry.next.before = entry.before;
};

/** Puts the entry back that was taken out last. */
const relink = (entry: Entry): void => {
  if (entry.before) entry.before.next = entry;
  if (entry.next) entry.next.before = entry;
};

/** Begins come before ends of the same moment: they may have overlapped. */
const inOrder = (a: Entry, b: Entry): number => a.at - b.at || Number(a.isEnd) - Number(b.isEnd);

const entriesOf = (operation: Operation, id: number): readonly Entry[] => {
  const links = { id, operation, before: undefined, next: undefined };
  const { start, end, result } = operation;
  const last: Entry | undefined =
    result.kind === "unknown" ? undefined : { ...links, at: end, end: undefined, isEnd: true };
  const first: Entry = { ...links, at: start, end: last, isEnd: false };
  return last ? [first, last] : [first];
};

/** The operations' begins and ends in the order of time. */
export class Timeline {
  #head: Entry | undefined;

  constructor(operations: readonly Operation[]) {
    const entries = operations.flatMap(entriesOf).toSorted(inOrder);
    [this.#head] = entries;
    for (const [index, entry] of entries.entries()) {
      entry.before = entries[index - 1];
      entry.next = entries[index + 1];
    }
  }

  /** The first entry that is in. */
  get first(): Entry | undefined {
    return this.#head;
  }

  /** Takes an operation's begin out, and its end. */
  remove(begin: Entry): void {
    if (this.#head === begin) this.#head = begin.next;
    unlink(begin);
    if (begin.end) {
      if (this.#head === begin.end) this.#head = begin.end.next;
      unlink(begin.end);
    }
  }

  /** Puts back what was removed last. */
  restore(begin: Entry): void {
    if (begin.end) relink(begin.end);
    relink(begin);
    if (begin.before === undefined) this.#head = begin;
  }
}
