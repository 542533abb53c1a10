import type { TemplateFunction } from "./builtins.ts";
import { builtins } from "./builtins.ts";
import { dockerFunctions } from "./docker-functions.ts";
import { execute } from "./execute.ts";
import { parse } from "./parse.ts";

/** A parsed template. */
export interface Template {
  /**
   * Prints the template for some data. Objects made with `struct` have exactly their fields and
   * methods; plain objects are maps. Throws an Error with Go's text.
   */
  readonly execute: (data: unknown) => string;
}

/** What a map gives for a key that it does not have: `<no value>` (default), or an error. */
export interface TemplateOptions {
  readonly missingKey?: "default" | "error";
}

/**
 * Parses a template of Go's text/template (all but define, template and block), with functions
 * besides the built-in ones (unless said otherwise, those of the docker command's `--format`). Throws an Error with Go's text: `template: <name>:<line>: <what>`.
 */
export const parseTemplate = (
  name: string,
  text: string,
  functions: Readonly<Record<string, TemplateFunction>> = dockerFunctions,
  { missingKey = "default" }: TemplateOptions = {},
): Template => {
  const all = { ...builtins, ...functions };
  const statements = parse(name, text, new Set(Object.keys(all)));
  const setting = { name, text, functions: all, missingKey };
  return { execute: (data) => execute(setting, statements, data) };
};
