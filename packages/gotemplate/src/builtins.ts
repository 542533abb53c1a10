import { requireInteger, requireString } from "./errors.ts";
import { sprintf } from "./printf.ts";
import { format, isObject, isTrue, structType, typeName } from "./value.ts";

/** A function of templates. What it throws becomes the template's error. */
export type TemplateFunction = (...args: readonly unknown[]) => unknown;

const compare = (a: unknown, b: unknown): number => {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  throw new Error(
    typeof a === typeof b ? "invalid type for comparison" : "incompatible types for comparison",
  );
};

const isEqual = (a: unknown, b: unknown): boolean => {
  const left = a ?? null;
  const right = b ?? null;
  if (left === null || right === null) return left === right;
  if (typeof left !== typeof right) throw new Error("incompatible types for comparison");
  if (typeof left === "object") throw new Error(`non-comparable type ${format(a)}: ${typeName(a)}`);
  return left === right;
};

const eq: TemplateFunction = (first, ...others) => {
  if (others.length === 0) throw new Error("missing argument for comparison");
  return others.some((other) => isEqual(first, other));
};

const indexOnce = (item: unknown, key: unknown): unknown => {
  if (item === null || item === undefined) throw new Error("index of untyped nil");
  if (Array.isArray(item) || typeof item === "string") {
    const at = requireInteger(key);
    if (at < 0 || at >= item.length) throw new Error(`index out of range: ${at}`);
    return Array.isArray(item) ? item[at] : item.charCodeAt(at);
  }
  if (!isObject(item) || structType(item) !== undefined)
    throw new Error(`can't index item of type ${typeName(item)}`);
  const name = requireString(key);
  if (Object.hasOwn(item, name)) return item[name];
  // Maps of strings, such as labels, give "" for what they do not have.
  return Object.values(item).every((value) => typeof value === "string") ? "" : undefined;
};

const length = (value: unknown): number => {
  if (typeof value === "string") return new TextEncoder().encode(value).length;
  if (Array.isArray(value)) return value.length;
  if (isObject(value) && structType(value) === undefined) return Object.keys(value).length;
  if (value === null || value === undefined) throw new Error("len of nil pointer");
  throw new Error(`len of type ${typeName(value)}`);
};

const slice: TemplateFunction = (item, ...bounds) => {
  const [from = 0, to] = bounds.map(requireInteger);
  if (typeof item !== "string" && !Array.isArray(item))
    throw new Error(`can't slice item of type ${typeName(item)}`);
  const end = to ?? item.length;
  if (from < 0 || from > item.length) throw new Error(`index out of range: ${from}`);
  if (end > item.length) throw new Error(`index out of range: ${end}`);
  if (from > end) throw new Error(`invalid slice index: ${from} > ${end}`);
  return item.slice(from, end);
};

/** Go's `fmt.Sprint`: a space between two operands when neither is a string. */
const print: TemplateFunction = (...args) =>
  args
    .map((value, index) => {
      const spaced = index > 0 && typeof value !== "string" && typeof args[index - 1] !== "string";
      return (spaced ? " " : "") + format(value);
    })
    .join("");

const htmlEscapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

/**
 * What every template can call. `and` and `or` are listed for their names: they are evaluated
 * where they stand, since they stop at the first argument that decides.
 */
export const builtins: Readonly<Record<string, TemplateFunction>> = {
  and: (...args) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (...args) => args.find((value) => isTrue(value)) ?? args.at(-1),
  not: (value) => !isTrue(value),
  len: (value) => length(value),
  index: (item, ...keys) => keys.reduce(indexOnce, item),
  slice,
  print,
  println: (...args) => `${args.map(format).join(" ")}\n`,
  printf: (pattern, ...args) => sprintf(requireString(pattern), args),
  html: (...args) =>
    format(args.length === 1 ? args[0] : print(...args)).replace(
      /[&<>"']/g,
      (character) => htmlEscapes[character] ?? character,
    ),
  urlquery: (...args) => encodeURIComponent(format(print(...args))).replaceAll("%20", "+"),
  eq,
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
};
