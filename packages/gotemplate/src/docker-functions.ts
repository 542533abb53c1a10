import type { TemplateFunction } from "./builtins.ts";
import { requireInteger, requireString } from "./errors.ts";
import { format } from "./value.ts";

const join: TemplateFunction = (list, separator) => {
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  return items.map(format).join(requireString(separator));
};

const pad: TemplateFunction = (text, before, after) => {
  const inner = requireString(text);
  if (inner === "") return inner;
  return " ".repeat(requireInteger(before)) + inner + " ".repeat(requireInteger(after));
};

const truncate: TemplateFunction = (text, length) =>
  Array.from(requireString(text)).slice(0, requireInteger(length)).join("");

/** The functions that the docker command offers in `--format`, besides Go's own. */
export const dockerFunctions: Readonly<Record<string, TemplateFunction>> = {
  json: (value) => JSON.stringify(value ?? null),
  split: (text, separator) => requireString(text).split(requireString(separator)),
  join,
  title: (text) => requireString(text).replace(/(^|\s)\p{L}/gu, (start) => start.toUpperCase()),
  lower: (text) => requireString(text).toLowerCase(),
  upper: (text) => requireString(text).toUpperCase(),
  pad,
  truncate,
};
