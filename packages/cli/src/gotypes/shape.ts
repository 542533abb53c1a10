import { nilPointer, struct as goStruct } from "@skein/gotemplate";
import { formatDuration } from "../flags/duration.ts";
import { formatTime } from "../output/go-time.ts";

/**
 * How a Go type shows a JSON value in templates: with all its fields, and with zero values where
 * JSON has none.
 */
export interface Shape {
  (json: unknown): unknown;
  /** The Go type's name, for structs. */
  readonly goType?: string;
}

/** A Go string. */
export const text: Shape = (json) => (typeof json === "string" ? json : "");

/** A Go number. */
export const number: Shape = (json) => (typeof json === "number" ? json : 0);

/** A Go boolean. */
export const bool: Shape = (json) => json === true;

/** Any value, as JSON has it. */
export const any: Shape = (json) => json ?? null;

/** A Go map of strings. */
export const map: Shape = (json) => (typeof json === "object" && json !== null ? json : {});

/** Prints as `String` says, and encodes as the JSON that it was. */
const withText = (type: string, shown: string, json: unknown): unknown =>
  withJson(goStruct(type, { String: () => shown }), json);

/** Makes `json` what the `json` function of templates writes for the value. */
const withJson = (value: object, json: unknown): unknown =>
  Object.defineProperty(value, "toJSON", { value: () => json });

/** A Go time.Time. */
export const time: Shape = (json) =>
  withText("time.Time", formatTime(typeof json === "string" ? json : "0001-01-01T00:00:00Z"), json);

/** A Go time.Duration. */
export const duration: Shape = (json) =>
  withText("time.Duration", formatDuration(typeof json === "number" ? json : 0), json ?? 0);

/** A Go slice. */
export const list =
  (item: Shape): Shape =>
  (json) =>
    Array.isArray(json) ? json.map(item) : [];

/** A Go pointer: nil when JSON has no value. */
export const pointer =
  (target: Shape): Shape =>
  (json) =>
    json === undefined || json === null ? nilPointer(target.goType ?? "") : target(json);

/** A Go struct with its fields, in their order. Fields of `embedded` structs are its own. */
export const struct = (
  type: string,
  fields: Readonly<Record<string, Shape>>,
  embedded: Readonly<Record<string, Shape>> = {},
): Shape => {
  const shape = (json: unknown): unknown => {
    const source = new Map(Object.entries(typeof json === "object" && json !== null ? json : {}));
    const values = Object.entries({ ...embedded, ...fields }).map(
      ([name, member]) => [name, member(source.get(name))] as const,
    );
    return withJson(goStruct(type, Object.fromEntries(values)), json);
  };
  return Object.assign(shape, { goType: type });
};
