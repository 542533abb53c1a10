const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

const wellFormed =
  /^(?:[^\\]|\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|[abfnrtv\\'"]))*$/;

/** The value of a Go string or character literal with its quotes; undefined when it is malformed. */
export const unquote = (literal: string): string | undefined => {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner.replaceAll("\r", "");
  if (!wellFormed.test(inner)) return undefined;
  return inner.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/g,
    (_all, x?: string, u?: string, long?: string, octal?: string, simple?: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return escapes[simple ?? ""] ?? "";
    },
  );
};

/** The value of a Go number literal; undefined when it is malformed. */
export const parseNumber = (literal: string): number | undefined => {
  const digits = literal.replaceAll("_", "").replace(/^\+/, "");
  const negative = digits.startsWith("-");
  const value = Number(negative ? digits.slice(1) : digits);
  if (Number.isNaN(value)) return undefined;
  return negative ? -value : value;
};
