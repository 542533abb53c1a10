import { OperationError } from "@skein/base";
import { base64ProblemAt, canonicalBase64 } from "../encoding/base64.ts";
import type { JsonNode } from "../json/node.ts";
import type { Codec } from "./codec.ts";
import { mismatch } from "./codec.ts";

/** A Go string, or a string type: then `goType` is its name. The words themselves are not checked. */
export const text = <T extends string = string>(goType: string = "string"): Codec<T | ""> => ({
  goType,
  zero: "",
  isEmpty: (value) => value === "",
  decode: (node, context) => {
    // The cast lets a field have a union type: what words are allowed is checked after decoding.
    if (node.kind === "string") return node.value as T;
    if (node.kind !== "null") mismatch(context, node.kind, goType);
    return "";
  },
});

/** A Go bool. */
export const bool: Codec<boolean> = {
  goType: "bool",
  zero: false,
  isEmpty: (value) => !value,
  decode: (node, context) => {
    if (node.kind === "bool") return node.value;
    if (node.kind !== "null") mismatch(context, node.kind, "bool");
    return false;
  },
};

const numeric = (goType: string, read: (literal: string) => number | undefined): Codec<number> => ({
  goType,
  zero: 0,
  isEmpty: (value) => value === 0,
  decode: (node: JsonNode, context) => {
    if (node.kind === "null") return 0;
    if (node.kind !== "number") {
      mismatch(context, node.kind, goType);
      return 0;
    }
    const value = read(node.text);
    if (value === undefined) mismatch(context, `number ${node.text}`, goType);
    return value ?? 0;
  },
});

/** No 64-bit integer is longer; keeps endless digits out of BigInt. */
const MAX_LITERAL = 20;

/** A Go integer type that holds `min` to `max`. Values beyond 2^53 lose their last digits. */
const integer = (goType: string, min: bigint, max: bigint): Codec<number> =>
  numeric(goType, (literal) => {
    if (literal.length > MAX_LITERAL || !/^-?\d+$/.test(literal)) return undefined;
    const value = BigInt(literal);
    return value < min || value > max ? undefined : Number(value);
  });

/** A Go float32. */
export const float32: Codec<number> = numeric("float32", (literal) => {
  const value = Number(literal);
  return Number.isFinite(Math.fround(value)) ? value : undefined;
});

/** Go integer types of the API. */
export const uint64: Codec<number> = integer("uint64", 0n, 2n ** 64n - 1n);
export const uint32: Codec<number> = integer("uint32", 0n, 2n ** 32n - 1n);
export const int64: Codec<number> = integer("int64", -(2n ** 63n), 2n ** 63n - 1n);
export const int: Codec<number> = integer("int", -(2n ** 63n), 2n ** 63n - 1n);

/** A span of time in nanoseconds. */
export const duration: Codec<number> = integer("time.Duration", -(2n ** 63n), 2n ** 63n - 1n);

/** A file mode as a number. */
export const fileMode: Codec<number> = integer("fs.FileMode", 0n, 2n ** 32n - 1n);

/** A Go `[]byte`: base64 in JSON, and kept as base64 in its canonical spelling. */
export const bytes: Codec<string> = {
  goType: "[]uint8",
  zero: "",
  isEmpty: (value) => value === "",
  decode: (node, context) => {
    if (node.kind === "null") return "";
    if (node.kind !== "string") {
      mismatch(context, node.kind, "[]uint8");
      return "";
    }
    const problem = base64ProblemAt(node.value);
    if (problem === undefined) return canonicalBase64(node.value);
    const message = `illegal base64 data at input byte ${problem}`;
    context.errors.push(new OperationError("invalid-parameter", message));
    return "";
  },
};
