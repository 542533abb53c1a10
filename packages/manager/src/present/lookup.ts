import { ID_LENGTH, OperationError } from "@skein/base";
import type { Config, Network, Node, Secret, Service, Task } from "@skein/model";
import type { TableName, TableTypes, View } from "@skein/store";
import { taskName } from "./task.ts";

/** What a table's objects are called in messages. */
const words: Readonly<Record<TableName, string>> = {
  clusters: "cluster",
  nodes: "node",
  services: "service",
  specs: "spec",
  tasks: "task",
  networks: "network",
  secrets: "secret",
  configs: "config",
  attachments: "attachment",
};

const byPrefix = <Name extends TableName>(
  view: View,
  table: Name,
  prefix: string,
): readonly TableTypes[Name][] => {
  if (prefix === "" || prefix.length > ID_LENGTH) return [];
  return [...view.all(table).values()].filter(({ id }) => id.startsWith(prefix));
};

/** The one of the candidates; refuses none (not-found) and several (invalid-parameter). */
const only = <T>(word: string, ref: string, candidates: readonly T[]): T => {
  const [first, second] = candidates;
  if (first === undefined) throw new OperationError("not-found", `${word} ${ref} not found`);
  if (second !== undefined)
    throw new OperationError(
      "invalid-parameter",
      `${word} ${ref} is ambiguous (${candidates.length} matches found)`,
    );
  return first;
};

/** Full id, then exact name whatever the letters' case, then id prefix (api.md, section 1). */
const find = <Name extends TableName>(view: View, table: Name, ref: string): TableTypes[Name] => {
  const exact = view.get(table, ref);
  if (exact !== undefined) return exact;
  const named = ref === "" ? [] : view.byName(table, ref);
  return only(words[table], ref, named.length > 0 ? named : byPrefix(view, table, ref));
};

export const findNode = (view: View, ref: string): Node => find(view, "nodes", ref);
export const findService = (view: View, ref: string): Service => find(view, "services", ref);
export const findSecret = (view: View, ref: string): Secret => find(view, "secrets", ref);
export const findConfig = (view: View, ref: string): Config => find(view, "configs", ref);

/** One that is being removed is not found any more. */
export const findNetwork = (view: View, ref: string): Network => {
  const network = find(view, "networks", ref);
  return only(words.networks, ref, network.removing ? [] : [network]);
};

/** Like {@link findNetwork}; undefined when there is none, or several. */
export const networkNamed = (view: View, ref: string): Network | undefined => {
  try {
    return findNetwork(view, ref);
  } catch {
    return undefined; // what is not one network is none
  }
};

/** Full id, then full task name `web.1.<id>`, then id prefix. */
export const findTask = (view: View, ref: string): Task => {
  const exact = view.get("tasks", ref) ?? view.get("tasks", ref.slice(-ID_LENGTH));
  if (exact !== undefined && (exact.id === ref || taskName(view, exact) === ref)) return exact;
  return only("task", ref, byPrefix(view, "tasks", ref));
};
