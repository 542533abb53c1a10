import type { Flag } from "../../command/flag.ts";
import { stringFlag } from "../../flags/common.ts";

/** `--format` of commands that have no fields of their own: only `json`. */
export const jsonFormat: Flag<string> = stringFlag("format", "Print as JSON with 'json'", {
  short: "f",
  complete: { kind: "words", words: ["json"] },
});
