import type { View } from "@skein/store";
import { tableNames } from "@skein/store";
import type { Mirror } from "./mirror.ts";

/** What a manager shows. */
export interface Replica {
  readonly name: string;
  readonly view: View;
}

/**
 * How a manager that has all batches shows something else than what they say; undefined when it does
 * not. Objects of one version are the same: each version is written once.
 */
export const divergence = (mirror: Mirror, { name, view }: Replica): string | undefined => {
  for (const table of tableNames) {
    const rows: ReadonlyMap<string, { readonly version: number }> = mirror.rows[table];
    const shown: ReadonlyMap<string, { readonly version: number }> = view.all(table);
    for (const [id, row] of rows)
      if (shown.get(id)?.version !== row.version)
        return `${name} shows ${table} ${id} of ${shown.get(id)?.version ?? "no batch"}, not ${row.version}`;
    for (const id of shown.keys())
      if (!rows.has(id)) return `${name} shows ${table} ${id}, which is not there`;
  }
  return undefined;
};
