import { booleanFlag, stringFlag } from "../flags/common.ts";
import type { Flag } from "../command/flag.ts";

/** `--quiet` of lists. */
export const quietIds: Flag<boolean> = booleanFlag("quiet", "Only display IDs", { short: "q" });

/** `--pretty` of inspect commands. */
export const prettyFlag: Flag<boolean> = booleanFlag(
  "pretty",
  "Print the information in a human friendly format",
);

/** Flags of commands that list tasks. */
export interface TaskFlags {
  readonly format: Flag<string>;
  readonly noResolve: Flag<boolean>;
  readonly noTrunc: Flag<boolean>;
  readonly quiet: Flag<boolean>;
}

/** Flags of commands that list tasks, beside `--filter`. */
export const taskFlags: TaskFlags = {
  format: stringFlag("format", "Pretty-print tasks using a Go template"),
  noResolve: booleanFlag("no-resolve", "Do not map IDs to Names"),
  noTrunc: booleanFlag("no-trunc", "Do not truncate output"),
  quiet: booleanFlag("quiet", "Only display task IDs", { short: "q" }),
};

/** Flags of `service logs`. */
export interface LogsFlags {
  readonly details: Flag<boolean>;
  readonly follow: Flag<boolean>;
  readonly noResolve: Flag<boolean>;
  readonly noTaskIds: Flag<boolean>;
  readonly noTrunc: Flag<boolean>;
  readonly raw: Flag<boolean>;
  readonly since: Flag<string>;
  readonly tail: Flag<string>;
  readonly timestamps: Flag<boolean>;
}

/** Flags of `service logs`. */
export const logsFlags: LogsFlags = {
  details: booleanFlag("details", "Show extra details provided to logs"),
  follow: booleanFlag("follow", "Follow log output", { short: "f" }),
  noResolve: booleanFlag("no-resolve", "Do not map IDs to Names in output"),
  noTaskIds: booleanFlag("no-task-ids", "Do not include task IDs in output"),
  noTrunc: booleanFlag("no-trunc", "Do not truncate output"),
  raw: booleanFlag("raw", "Do not neatly format logs"),
  since: stringFlag(
    "since",
    'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
  ),
  tail: stringFlag("tail", "Number of lines to show from the end of the logs", {
    short: "n",
    fallback: '"all"',
  }),
  timestamps: booleanFlag("timestamps", "Show timestamps", { short: "t" }),
};
