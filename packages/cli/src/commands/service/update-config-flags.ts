import { one } from "../../command/flag.ts";
import type { Flag } from "../../command/flag.ts";
import { durationFlag, unsignedFlag, wordFlag } from "../../flags/common.ts";
import { parseFloat32 } from "../../flags/numbers.ts";

/** Units of durations, for help texts. */
export const UNITS = "(ns|us|ms|s|m|h)";

/** Builds help texts with the defaults of `create`, or without. */
export type WithDefault = (text: string, fallback: string) => string;

/** The six flags of updates, or of rollbacks. */
export interface UpdateConfigFlags {
  readonly parallelism: Flag<number>;
  readonly delay: Flag<number>;
  readonly monitor: Flag<number>;
  readonly failureAction: Flag<string>;
  readonly maxFailureRatio: Flag<number>;
  readonly order: Flag<string>;
}

/** What differs between the flags of updates and those of rollbacks. */
export interface UpdateWords {
  readonly prefix: "update" | "rollback";
  readonly parallelism: string;
  readonly delay: string;
  readonly monitor: string;
  readonly actions: readonly string[];
  readonly ratio: string;
}

/** The flags of updates or rollbacks; `own` shows the defaults of `create`. */
export const updateConfigFlags = (
  words: UpdateWords,
  described: WithDefault,
  own: boolean,
): UpdateConfigFlags => {
  const { prefix } = words;
  const title = prefix === "update" ? "Update" : "Rollback";
  const orders = ["start-first", "stop-first"];
  const actions = words.actions.map((action) => `"${action}"`).join(", ");
  return {
    parallelism: unsignedFlag(
      `${prefix}-parallelism`,
      words.parallelism,
      own ? { fallback: "1" } : {},
    ),
    delay: durationFlag(`${prefix}-delay`, described(`${words.delay} ${UNITS}`, "0s")),
    monitor: durationFlag(`${prefix}-monitor`, described(`${words.monitor} ${UNITS}`, "5s")),
    failureAction: wordFlag(
      `${prefix}-failure-action`,
      described(`Action on ${prefix} failure (${actions})`, '"pause"'),
      words.actions,
    ),
    maxFailureRatio: one({
      name: `${prefix}-max-failure-ratio`,
      type: "float",
      description: described(words.ratio, "0"),
      parse: parseFloat32,
    }),
    order: wordFlag(
      `${prefix}-order`,
      described(`${title} order ("start-first", "stop-first")`, '"stop-first"'),
      orders,
    ),
  };
};
