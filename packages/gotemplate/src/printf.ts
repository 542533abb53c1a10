import { quote } from "./token.ts";
import { format, formatNumber, typeName } from "./value.ts";

const directive = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

const hexOf = (value: string): string =>
  [...new TextEncoder().encode(value)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const exponential = (value: number, precision: number): string =>
  value.toExponential(precision).replace(/e([+-])(\d)$/, "e$10$2");

const integerVerbs: Readonly<Record<string, (value: number) => string>> = {
  d: String,
  b: (value) => value.toString(2),
  o: (value) => value.toString(8),
  x: (value) => value.toString(16),
  X: (value) => value.toString(16).toUpperCase(),
  c: (value) => String.fromCodePoint(value),
  q: (value) => `'${String.fromCodePoint(value)}'`,
  U: (value) => `U+${value.toString(16).toUpperCase().padStart(4, "0")}`,
};

const realVerbs: Readonly<
  Record<string, (value: number, precision: number | undefined) => string>
> = {
  f: (value, precision = 6) => value.toFixed(precision),
  F: (value, precision = 6) => value.toFixed(precision),
  e: (value, precision = 6) => exponential(value, precision),
  g: (value, precision) =>
    formatNumber(precision === undefined ? value : Number(value.toPrecision(precision || 1))),
};

const stringVerbs: Readonly<Record<string, (value: string, precision?: number) => string>> = {
  s: (value, precision) =>
    precision === undefined ? value : Array.from(value).slice(0, precision).join(""),
  q: quote,
  x: hexOf,
  X: (value) => hexOf(value).toUpperCase(),
};

const formatVerb = (verb: string, value: unknown, precision: number | undefined): string => {
  if (verb === "v") return format(value);
  if (verb === "T") return typeName(value);
  if (typeof value === "number") {
    const written = Number.isInteger(value)
      ? (integerVerbs[verb]?.(value) ?? realVerbs[verb]?.(value, precision))
      : realVerbs[verb]?.(value, precision);
    if (written !== undefined) return written;
  }
  if (typeof value === "string") {
    const written = stringVerbs[verb]?.(value, precision);
    if (written !== undefined) return written;
  }
  if (typeof value === "boolean" && verb === "t") return String(value);
  if (Array.isArray(value))
    return `[${value.map((item) => formatVerb(verb, item, precision)).join(" ")}]`;
  if (verb === "s" && typeof value === "object" && value !== null) return format(value);
  const shown =
    value === null || value === undefined ? "<nil>" : `${typeName(value)}=${format(value)}`;
  return `%!${verb}(${shown})`;
};

/** Go's `fmt.Sprintf` for the values that templates know. Reals are shown by `%f`, `%e`, `%g`. */
export const sprintf = (pattern: string, args: readonly unknown[]): string => {
  let used = 0;
  const text = pattern.replace(
    directive,
    (
      _all,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      verb: string,
    ) => {
      if (verb === "%") return "%";
      if (used >= args.length) return `%!${verb}(MISSING)`;
      const value = args[used++];
      const digits = precision === undefined ? undefined : Number(precision);
      let written = formatVerb(verb, value, digits);
      if (flags.includes("+") && typeof value === "number" && value >= 0) written = `+${written}`;
      const columns = Number(width ?? 0);
      if (flags.includes("-")) return written.padEnd(columns);
      const sign = /^[+-]/.exec(written)?.[0] ?? "";
      if (flags.includes("0") && typeof value === "number")
        return sign + written.slice(sign.length).padStart(columns - sign.length, "0");
      return written.padStart(columns);
    },
  );
  if (used >= args.length) return text;
  const extra = args.slice(used).map((value) => `${typeName(value)}=${format(value)}`);
  return `${text}%!(EXTRA ${extra.join(", ")})`;
};
