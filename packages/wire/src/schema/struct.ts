import type { JsonNode } from "../json/node.ts";
import type { Codec, Context } from "./codec.ts";
import { mismatch } from "./codec.ts";
import { text } from "./scalars.ts";

/**
 * How a field of a struct is read and when it is left out of the canonical value.
 * `optional` marks the kinds that may leave it out.
 */
export interface Field<T, Optional extends boolean> {
  readonly optional: Optional;
  /** The value for the field, or undefined to leave it out. */
  readonly read: (node: JsonNode | undefined, context: Context) => T | undefined;
}

/** A field with Go's `omitempty`: left out when zero. */
export const omitEmpty = <T>(codec: Codec<T>): Field<T, true> => ({
  optional: true,
  read: (node, context) => {
    if (node === undefined) return undefined;
    const value = codec.decode(node, context);
    return codec.isEmpty(value) ? undefined : value;
  },
});

/** A string with `omitempty` whose words are checked after decoding, so that the cast holds then. */
export const word = <T extends string>(goType: string = "string"): Field<T, true> =>
  omitEmpty(text(goType)) as Field<T, true>;

/** A field that is always there, with its zero value if need be. */
export const always = <T>(codec: Codec<T>): Field<T, false> => ({
  optional: false,
  read: (node, context) => (node === undefined ? codec.zero : codec.decode(node, context)),
});

/** A Go pointer with `omitempty`: left out when absent or null, kept when it points to a zero value. */
export const pointer = <T>(codec: Codec<T>): Field<T, true> => ({
  optional: true,
  read: (node, context) =>
    node === undefined || node.kind === "null" ? undefined : codec.decode(node, context),
});

/** A Go pointer without `omitempty`: null when absent. */
export const nullable = <T>(codec: Codec<T>): Field<T | null, false> => ({
  optional: false,
  read: (node, context) =>
    node === undefined || node.kind === "null" ? null : codec.decode(node, context),
});

/** For every key of T the field that reads it; optional keys take optional fields and vice versa. */
export type Fields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K>
    ? Field<Exclude<T[K], undefined>, true>
    : Field<T[K], false>;
};

/** Go merges what is written twice: objects by their fields, everything else by the last. */
const merge = (before: JsonNode | undefined, after: JsonNode): JsonNode =>
  before?.kind === "object" && after.kind === "object"
    ? { kind: "object", entries: [...before.entries, ...after.entries] }
    : after;

/** The nodes of an object by the name of the field that takes them: exact, else ignoring case. */
const assign = (
  entries: readonly (readonly [string, JsonNode])[],
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, JsonNode> => {
  const nodes = new Map<string, JsonNode>();
  for (const [key, node] of entries) {
    const name = names.get(key) ?? names.get(key.toLowerCase());
    if (name !== undefined) nodes.set(name, merge(nodes.get(name), node));
  }
  return nodes;
};

/**
 * A Go struct. Fields are matched ignoring case, unknown ones are skipped, and they come out in the
 * order of `fields`. Path names are those of the fields, as in Go.
 */
export const struct = <T extends object>(goType: string, fields: Fields<T>): Codec<T> => {
  const readers = Object.entries<Field<unknown, boolean>>(fields);
  const names = new Map(
    readers.flatMap(([name]) => [
      [name, name],
      [name.toLowerCase(), name],
    ]),
  );
  const structName = goType.slice(goType.lastIndexOf(".") + 1);
  const read = (nodes: ReadonlyMap<string, JsonNode>, context: Context): T => {
    const value: Record<string, unknown> = {};
    for (const [name, field] of readers) {
      const inner = { ...context, struct: structName, path: [...context.path, name] };
      const fieldValue = field.read(nodes.get(name), inner);
      if (fieldValue !== undefined) value[name] = fieldValue;
    }
    // `fields` has a reader for every key of T, and required keys have readers that never skip.
    return value as T;
  };
  const empty = new Map<string, JsonNode>();
  return {
    goType,
    zero: read(empty, { struct: "", path: [], errors: [] }),
    isEmpty: () => false,
    decode: (node, context) => {
      if (node.kind === "object") return read(assign(node.entries, names), context);
      if (node.kind !== "null") mismatch(context, node.kind, goType);
      return read(empty, context);
    },
  };
};
