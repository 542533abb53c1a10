import { many, one } from "../command/flag.ts";
import type { Completion, Flag } from "../command/flag.ts";
import { parseDuration } from "./duration.ts";
import { parseBoolean, parseSigned, parseUnsigned } from "./numbers.ts";
import { parseFilter } from "./values.ts";

/** What the makers of flags below take beside a name and a description. */
interface Extras {
  readonly short?: string;
  readonly fallback?: string;
  readonly complete?: Completion;
}

/** A flag that is on when it is given; `--name=false` turns it off. */
export const booleanFlag = (
  name: string,
  description: string,
  extras: Extras = {},
): Flag<boolean> => one({ name, type: "", description, parse: parseBoolean, ...extras });

/** A flag with a text. */
export const stringFlag = (name: string, description: string, extras: Extras = {}): Flag<string> =>
  one({ name, type: "string", description, parse: (text) => text, ...extras });

/** A flag with one of several words; other words are left to the daemon to refuse. */
export const wordFlag = (
  name: string,
  description: string,
  words: readonly string[],
  extras: Extras = {},
): Flag<string> => stringFlag(name, description, { complete: { kind: "words", words }, ...extras });

/** A flag that may be given several times. */
export const listFlag = (
  name: string,
  description: string,
  extras: Extras & { readonly check?: (text: string) => string } = {},
): Flag<string> => {
  const { check = (text: string): string => text, ...rest } = extras;
  return many({ name, type: "list", description, parse: check, ...rest });
};

/** A flag with a duration, in nanoseconds. */
export const durationFlag = (
  name: string,
  description: string,
  extras: Extras = {},
): Flag<number> => one({ name, type: "duration", description, parse: parseDuration, ...extras });

/** A flag with a whole number that is not negative. `type` is what help says, and the width. */
export const unsignedFlag = (
  name: string,
  description: string,
  extras: Extras & { readonly type?: "uint" | "uint32" } = {},
): Flag<number> => {
  const { type = "uint", ...rest } = extras;
  const bits = type === "uint32" ? 32 : 64;
  return one({ name, type, description, parse: (text) => parseUnsigned(text, { bits }), ...rest });
};

/** A flag with a whole number. */
export const integerFlag = (name: string, description: string, extras: Extras = {}): Flag<number> =>
  one({ name, type: "int", description, parse: (text) => parseSigned(text), ...extras });

const FORMAT_HELP = `Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`;

/** `--format` of lists. */
export const listFormat: Flag<string> = stringFlag("format", FORMAT_HELP);

/** `--format` of inspect commands. */
export const inspectFormat: Flag<string> = stringFlag(
  "format",
  `Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`,
  { short: "f" },
);

/** `--filter` of lists. */
export const filterFlag: Flag<readonly [string, string] | undefined> = many({
  name: "filter",
  short: "f",
  type: "filter",
  description: "Filter output based on conditions provided",
  parse: parseFilter,
});

/** `--detach` of commands that wait for a service. */
export const detachFlag: Flag<boolean> = booleanFlag(
  "detach",
  "Exit immediately instead of waiting for the service to converge",
  { short: "d" },
);

/** `--quiet` of commands that show progress. */
export const quietProgress: Flag<boolean> = booleanFlag("quiet", "Suppress progress output", {
  short: "q",
});
