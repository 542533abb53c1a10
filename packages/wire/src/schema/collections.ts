import type { StringMap } from "../types/common.ts";
import type { Codec } from "./codec.ts";
import { mismatch } from "./codec.ts";

/** A Go slice. */
export const list = <T>(item: Codec<T>): Codec<readonly T[]> => {
  const goType = `[]${item.goType}`;
  return {
    goType,
    zero: [],
    isEmpty: (value) => value.length === 0,
    decode: (node, context) => {
      if (node.kind === "array") return node.items.map((entry) => item.decode(entry, context));
      if (node.kind !== "null") mismatch(context, node.kind, goType);
      return [];
    },
  };
};

/** A Go slice of pointers: null entries, which mean nothing in this API, are dropped. */
export const pointerList = <T>(item: Codec<T>): Codec<readonly T[]> => {
  const goType = `[]*${item.goType}`;
  const plain = list(item);
  return {
    ...plain,
    goType,
    decode: (node, context) => {
      if (node.kind !== "array") {
        if (node.kind !== "null") mismatch(context, node.kind, goType);
        return [];
      }
      const items = node.items.filter((entry) => entry.kind !== "null");
      return plain.decode({ kind: "array", items }, context);
    },
  };
};

/** A Go `map[string]string`. A repeated key keeps its last value. */
export const stringMap: Codec<StringMap> = {
  goType: "map[string]string",
  zero: {},
  isEmpty: (value) => Object.keys(value).length === 0,
  decode: (node, context) => {
    if (node.kind !== "object") {
      if (node.kind !== "null") mismatch(context, node.kind, "map[string]string");
      return {};
    }
    const entries = node.entries.map(([key, value]): [string, string] => {
      if (value.kind === "string") return [key, value.value];
      if (value.kind !== "null") mismatch(context, value.kind, "string");
      return [key, ""];
    });
    return Object.fromEntries(entries);
  },
};
