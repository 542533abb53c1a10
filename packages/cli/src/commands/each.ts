import { CommandError } from "../command/errors.ts";
import { describeError } from "../output/report.ts";

/**
 * Does something for each argument in turn and goes on after failures. Throws CommandError with a
 * line per failure.
 */
export const forEach = async (
  args: readonly string[],
  action: (arg: string) => Promise<void>,
): Promise<void> => {
  const failures: string[] = [];
  for (const arg of args)
    try {
      // Output and errors keep the arguments' order.
      await action(arg);
    } catch (error) {
      failures.push(describeError(error));
    }
  if (failures.length > 0) throw new CommandError(failures.join("\n"));
};
