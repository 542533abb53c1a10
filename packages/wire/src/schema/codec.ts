import { OperationError } from "@skein/base";
import type { JsonNode } from "../json/node.ts";

/** Where in the value a decoder is: for error texts, which Go prefixes with the field's path. */
export interface Context {
  /** Go name of the struct whose field is being read; empty at the top. */
  readonly struct: string;
  /** Names of the fields from the top, as Go spells them. */
  readonly path: readonly string[];
  /** Collects errors: like Go, decoding goes on, and the first error is reported in the end. */
  readonly errors: OperationError[];
}

/** How one Go type is read from JSON. */
export interface Codec<T> {
  /** The type's name in Go, for error texts. */
  readonly goType: string;
  /** The value of a field that is not there. */
  readonly zero: T;
  /** Whether Go's `omitempty` leaves the value out. */
  readonly isEmpty: (value: T) => boolean;
  /** Reads a node; `null` gives the zero value, and so does a mismatch, which is recorded. */
  readonly decode: (node: JsonNode, context: Context) => T;
}

/** Records a mismatch in Go's words: `json: cannot unmarshal string into Go struct field ...`. */
export const mismatch = (context: Context, found: string, goType: string): void => {
  const target =
    context.struct === ""
      ? `value of type ${goType}`
      : `struct field ${context.struct}.${context.path.join(".")} of type ${goType}`;
  const text = `json: cannot unmarshal ${found} into Go ${target}`;
  context.errors.push(new OperationError("invalid-parameter", text));
};

/**
 * Reads a whole value.
 * @throws OperationError `invalid-parameter`: the first mismatch, in Go's words.
 */
export const decodeWith = <T>(codec: Codec<T>, node: JsonNode): T => {
  const errors: OperationError[] = [];
  const value = codec.decode(node, { struct: "", path: [], errors });
  const [first] = errors;
  if (first !== undefined) throw first;
  return value;
};
