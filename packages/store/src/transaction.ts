import type { Meta } from "@skein/model";
import type { Change, Tables, TableName, TableTypes, View } from "./tables.ts";

/** An object without what the store itself fills in. A whole object fits as well. */
export type Draft<T> = Omit<T, "version" | "createdAt" | "updatedAt">;

/** Reads and edits on the newest state. Valid only during the call that received it. */
export interface Transaction extends View {
  /** The index of the batch that this transaction becomes part of. */
  readonly index: number;
  /** The leader's wall clock, milliseconds since the epoch; the same during the transaction. */
  readonly now: number;
  /** Creates or replaces; stamps version, createdAt and updatedAt. Returns what was stored. */
  put<Name extends TableName>(table: Name, object: Draft<TableTypes[Name]>): TableTypes[Name];
  /** Removes; no error when there is no such object. */
  delete(table: TableName, id: string): void;
  /** How many edits the batch has so far: a mark for {@link Transaction.changesSince}. */
  mark(): number;
  /** What changed in this batch after `mark`, one entry per object. */
  changesSince(mark: number): readonly Change[];
  /** Runs `edit`; when it throws, its edits are taken back and the exception goes on. */
  attempt<T>(edit: () => T): T;
}

interface Edit {
  readonly table: TableName;
  readonly id: string;
  readonly before: TableTypes[TableName] | undefined;
}

const keyOf = (table: TableName, id: string): string => `${table}/${id}`;

const change = (
  table: TableName,
  id: string,
  before: TableTypes[TableName] | undefined,
  after: TableTypes[TableName] | undefined,
): Change => ({ table, id, before, after }) as Change;

/**
 * The edits of one batch on the tables. They are visible at once; {@link Changes.undo} takes them
 * back when a transaction throws or the batch can't be made durable.
 */
export class Changes {
  readonly index: number;
  readonly #tables: Tables;
  readonly #edits: Edit[] = [];

  constructor(tables: Tables, index: number) {
    this.#tables = tables;
    this.index = index;
  }

  /** How many edits were made so far: a mark for {@link Changes.undo} and {@link Changes.since}. */
  get mark(): number {
    return this.#edits.length;
  }

  /** A transaction that edits through this batch. */
  begin(now: number): Transaction {
    const tables = this.#tables;
    const edits = this.#edits;
    const { index } = this;
    const put = <Name extends TableName>(
      table: Name,
      object: Draft<TableTypes[Name]>,
    ): TableTypes[Name] => {
      const id = (object as unknown as Meta).id;
      const before = tables.get(table, id);
      const stamps = { version: index, createdAt: before?.createdAt ?? now, updatedAt: now };
      const after = { ...object, ...stamps } as unknown as TableTypes[Name];
      tables.set(table, id, after);
      edits.push({ table, id, before });
      return after;
    };
    return {
      index,
      now,
      get: (table, id) => tables.get(table, id),
      all: (table) => tables.all(table),
      byName: (table, name) => tables.byName(table, name),
      tasksOfService: (id) => tables.tasksOfService(id),
      tasksOfNode: (id) => tables.tasksOfNode(id),
      tasksOfNetwork: (id) => tables.tasksOfNetwork(id),
      unassigned: () => tables.unassigned(),
      tasksOfSpec: (id) => tables.tasksOfSpec(id),
      addressHolder: (network, address) => tables.addressHolder(network, address),
      put,
      delete(table, id) {
        const before = tables.set(table, id, undefined);
        if (before !== undefined) edits.push({ table, id, before });
      },
      mark: () => this.mark,
      changesSince: (mark) => this.since(mark),
      attempt: (edit) => {
        const { mark } = this;
        try {
          return edit();
        } catch (error) {
          this.undo(mark);
          throw error;
        }
      },
    };
  }

  /** Takes back every edit after `mark`, newest first. */
  undo(mark: number): void {
    for (let i = this.#edits.length - 1; i >= mark; i -= 1) {
      const edit = this.#edits[i];
      if (edit) this.#tables.set(edit.table, edit.id, edit.before);
    }
    this.#edits.length = mark;
  }

  /** What changed after `mark`, one entry per object, in order of its first edit. */
  since(mark: number): readonly Change[] {
    const first = new Map<string, Edit>();
    for (let i = mark; i < this.#edits.length; i += 1) {
      const edit = this.#edits[i];
      if (!edit) continue;
      const key = keyOf(edit.table, edit.id);
      if (!first.has(key)) first.set(key, edit);
    }
    return [...first.values()].flatMap(({ table, id, before }) => {
      const after = this.#tables.get(table, id);
      return before === undefined && after === undefined ? [] : [change(table, id, before, after)];
    });
  }
}
