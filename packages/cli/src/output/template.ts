import { dockerFunctions, parseTemplate, struct } from "@skein/gotemplate";
import type { Template } from "@skein/gotemplate";
import { CommandError } from "../command/errors.ts";

/** `\t` and `\n` written with a backslash stand for the characters. */
const unescape = (text: string): string =>
  text.replaceAll(String.raw`\t`, "\t").replaceAll(String.raw`\n`, "\n");

const same = (value: unknown): unknown => value;

/** In headings, functions that change a value leave the heading as it is. */
const headingFunctions = { json: same, title: same, lower: same, upper: same, truncate: same };

const guard = <T>(action: () => T): T => {
  try {
    return action();
  } catch (error) {
    throw new CommandError(
      `template parsing error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

/**
 * Compiles a template as `--format` takes it. Throws CommandError when the template is wrong, here
 * or when it is executed.
 */
export const compileTemplate = (text: string, kind: "rows" | "headings" = "rows"): Template => {
  const functions =
    kind === "headings" ? { ...dockerFunctions, ...headingFunctions } : dockerFunctions;
  const source = unescape(text.replaceAll(/^ +| +$/g, ""));
  const template = guard(() => parseTemplate("", source, functions));
  return { execute: (data) => guard(() => template.execute(data)) };
};

/** An object that has exactly these fields, of a Go type by that name. */
export const goStruct = (type: string, fields: Readonly<Record<string, unknown>>): unknown =>
  struct(type, fields);
