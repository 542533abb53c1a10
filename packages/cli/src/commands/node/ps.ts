import type { Task } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { filterFlag } from "../../flags/common.ts";
import { describeError } from "../../output/report.ts";
import { toFilters } from "../filters.ts";
import { taskFlags } from "../list-flags.ts";
import { nodeReference } from "../self.ts";
import { printTasks } from "../tasks.ts";

/** `skein node ps`: the tasks of each node, then a line for each node that failed. */
export const run: Run = async (context, flags, args) => {
  const client = context.client();
  const filters = toFilters(flags.all(filterFlag));
  const tasks: Task[] = [];
  const failures: string[] = [];
  for (const ref of args.length === 0 ? ["self"] : args)
    try {
      // Errors keep the order of the arguments.
      const { ID } = await client.nodes.inspect(await nodeReference(client, ref));
      const node = [...(filters["node"] ?? []), ID];
      tasks.push(...(await client.tasks.list({ ...filters, node })));
    } catch (error) {
      failures.push(describeError(error));
    }
  if (failures.length === 0 || tasks.length > 0)
    await printTasks(context, tasks, flags, !flags.on(taskFlags.noTrunc));
  if (failures.length > 0) throw new CommandError(failures.join("\n"));
};
