import type { Task } from "@skein/model";
import { compareStates, isTerminal } from "@skein/model";
import type { Change, LogRecord, TableName, TableTypes, View } from "@skein/store";
import { tableNames } from "@skein/store";

type Rows = { readonly [Name in TableName]: Map<string, TableTypes[Name]> };

const emptyRows = (): Rows => ({
  clusters: new Map(),
  nodes: new Map(),
  services: new Map(),
  specs: new Map(),
  tasks: new Map(),
  networks: new Map(),
  secrets: new Map(),
  configs: new Map(),
  attachments: new Map(),
});

/** Whether the task holds its node's resources: it was given to it and has not been seen to end. */
export const occupies = ({ nodeId, status: { state } }: Task): boolean =>
  nodeId !== undefined && compareStates(state, "assigned") >= 0 && !isTerminal(state);

/** The slot of a task: its number, or its node for global services. */
export const slotOf = ({ slot, nodeId, serviceId }: Task, global: boolean): string =>
  `${serviceId}/${global ? (nodeId ?? "") : slot}`;

/** The durable state, followed from outside. */
export class Mirror {
  readonly rows: Rows = emptyRows();
  readonly #byService = new Map<string, Map<string, Task>>();
  readonly #byNode = new Map<string, Map<string, Task>>();

  /** Takes over what a manager found on its disk. Returns what is different from before. */
  load(view: View): readonly Change[] {
    const changes: Change[] = [];
    for (const table of tableNames) {
      const after: ReadonlyMap<string, unknown> = view.all(table);
      const before: ReadonlyMap<string, unknown> = this.rows[table];
      for (const [id, row] of after)
        changes.push({ table, id, before: before.get(id), after: row } as Change);
      for (const [id, row] of before)
        if (!after.has(id)) changes.push({ table, id, before: row, after: undefined } as Change);
    }
    this.apply(changes);
    return changes;
  }

  /** What these records change. */
  changesOf(records: readonly LogRecord[]): readonly Change[] {
    return records.flatMap(({ key, value: after }) => {
      const [name, id = ""] = key.split("/");
      const table = tableNames.find((known) => known === name);
      if (!table) return [];
      return [{ table, id, before: this.rows[table].get(id), after } as Change];
    });
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.table === "tasks") this.#index(this.rows.tasks.get(change.id), change.after);
      const rows: Map<string, unknown> = this.rows[change.table];
      if (change.after === undefined) rows.delete(change.id);
      else rows.set(change.id, change.after);
    }
  }

  tasksOfService(id: string): readonly Task[] {
    return [...(this.#byService.get(id)?.values() ?? [])];
  }

  tasksOfNode(id: string): readonly Task[] {
    return [...(this.#byNode.get(id)?.values() ?? [])];
  }

  #index(before: Task | undefined, after: Task | undefined): void {
    const change = (index: Map<string, Map<string, Task>>, key: "serviceId" | "nodeId"): void => {
      const old = before?.[key];
      if (before && old !== undefined) index.get(old)?.delete(before.id);
      const now = after?.[key];
      if (!after || now === undefined) return;
      const tasks = index.get(now);
      if (tasks) tasks.set(after.id, after);
      else index.set(now, new Map([[after.id, after]]));
    };
    change(this.#byService, "serviceId");
    change(this.#byNode, "nodeId");
  }
}
