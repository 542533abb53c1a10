import { OperationError } from "@skein/base";
import type { JsonNode } from "../json/node.ts";
import { parseJson } from "../json/parse.ts";
import type { Context } from "../schema/codec.ts";
import { mismatch } from "../schema/codec.ts";

/** What a list is narrowed to: for each key the values, any of which may match. */
export type Filters = ReadonlyMap<string, readonly string[]>;

const valuesOf = (node: JsonNode, context: Context): readonly string[] => {
  if (node.kind === "array") {
    return node.items.map((item) => {
      if (item.kind === "string") return item.value;
      if (item.kind !== "null") mismatch(context, item.kind, "string");
      return "";
    });
  }
  if (node.kind === "object") {
    for (const [, flag] of node.entries)
      if (flag.kind !== "bool" && flag.kind !== "null") mismatch(context, flag.kind, "bool");
    return [...new Set(node.entries.map(([value]) => value))];
  }
  if (node.kind !== "null") mismatch(context, node.kind, "map[string]bool");
  return [];
};

/**
 * Reads the `filters` query parameter: `{"key":["v"]}` or `{"key":{"v":true}}`. Absent or empty is
 * no filter. A key that comes without values is no filter either.
 * @throws OperationError `invalid-parameter` with Go's text when malformed.
 */
export const parseFilters = (text: string | undefined): Filters => {
  if (text === undefined || text === "") return new Map();
  const node = parseJson(text);
  const context: Context = { struct: "", path: [], errors: [] };
  if (node.kind !== "object") {
    if (node.kind === "null") return new Map();
    mismatch(context, node.kind, "map[string]map[string]bool");
  }
  const filters = new Map<string, readonly string[]>();
  for (const [key, value] of node.kind === "object" ? node.entries : []) {
    const values = valuesOf(value, context);
    if (values.length > 0) filters.set(key, values);
  }
  const [first] = context.errors;
  if (first !== undefined) throw first;
  return filters;
};

/**
 * Refuses keys that a list does not know.
 * @throws OperationError `invalid-parameter`: `invalid filter 'bogus'`.
 */
export const checkFilterKeys = (filters: Filters, known: readonly string[]): void => {
  for (const key of filters.keys())
    if (!known.includes(key))
      throw new OperationError("invalid-parameter", `invalid filter '${key}'`);
};

/** Writes filters as `{"key":{"v":true}}`, which every API version reads. Empty for none. */
export const encodeFilters = (filters: Filters): string => {
  if (filters.size === 0) return "";
  const entries = [...filters].map(([key, values]): [string, Record<string, true>] => [
    key,
    Object.fromEntries(values.map((value): [string, true] => [value, true])),
  ]);
  return JSON.stringify(Object.fromEntries(entries));
};
