import type { Client, Filters } from "@skein/sdk";
import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { filterFlag } from "../../flags/common.ts";
import { toFilters } from "../filters.ts";
import { taskFlags } from "../list-flags.ts";
import { nodeReference } from "../self.ts";
import { printTasks } from "../tasks.ts";

interface Match {
  readonly ids: readonly string[];
  readonly missing: readonly string[];
}

/** Services by full id, full name, or the unique start of an id. */
const match = async (client: Client, refs: readonly string[]): Promise<Match> => {
  const [byId, byName] = await Promise.all([
    client.services.list({ filters: { id: refs } }),
    client.services.list({ filters: { name: refs } }),
  ]);
  const ids: string[] = [];
  const missing: string[] = [];
  for (const ref of refs) {
    const exact = byId.find(({ ID }) => ID === ref) ?? byName.find(({ Spec }) => Spec.Name === ref);
    const starting = exact ? [exact] : byId.filter(({ ID }) => ID.startsWith(ref));
    if (starting.length > 1)
      throw new CommandError(`multiple services found with provided prefix: ${ref}`);
    const [found] = starting;
    if (found) ids.push(found.ID);
    else missing.push(`no such service: ${ref}`);
  }
  return { ids, missing };
};

const resolveNodes = async (client: Client, filters: Filters): Promise<Filters> => {
  const nodes = filters["node"];
  if (!nodes) return filters;
  const node = await Promise.all(nodes.map((ref) => nodeReference(client, ref)));
  return { ...filters, node };
};

/** `skein service ps`: the tasks of each service, then a line for each service that is missing. */
export const run: Run = async (context, flags, args) => {
  const client = context.client();
  const { ids, missing } = await match(client, args);
  if (ids.length === 0) throw new CommandError(missing.join("\n"));
  const filters = await resolveNodes(client, toFilters(flags.all(filterFlag)));
  const tasks = await client.tasks.list({ ...filters, service: ids });
  const cut = !flags.on(taskFlags.noTrunc) && !flags.on(taskFlags.quiet);
  await printTasks(context, tasks, flags, cut);
  if (missing.length > 0) throw new CommandError(missing.join("\n"));
};
