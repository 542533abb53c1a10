import type { Cursor } from "./cursor.ts";
import { refuse } from "./cursor.ts";

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= "0" && character <= "9";

/** Stands for itself inside a string: no quote, no backslash, no control character. */
const isPlain = (character: string | undefined): boolean =>
  character !== undefined && character !== '"' && character !== "\\" && character >= " ";

const scanUnicodeEscape = (cursor: Cursor): string => {
  for (let digit = 0; digit < 4; digit++, cursor.index++)
    if (!/^[0-9a-fA-F]$/.test(cursor.text[cursor.index] ?? ""))
      refuse(cursor, "in \\u hexadecimal character escape");
  return String.fromCharCode(
    Number.parseInt(cursor.text.slice(cursor.index - 4, cursor.index), 16),
  );
};

const halfSurrogates = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Reads a string that begins under the cursor. Half surrogates become U+FFFD, as in Go. */
export const scanString = (cursor: Cursor): string => {
  let value = "";
  for (cursor.index++; ;) {
    const start = cursor.index;
    while (isPlain(cursor.text[cursor.index])) cursor.index++;
    value += cursor.text.slice(start, cursor.index);
    const character = cursor.text[cursor.index];
    if (character !== '"' && character !== "\\") refuse(cursor, "in string literal");
    cursor.index++;
    if (character === '"') return value.replace(halfSurrogates, "\ufffd");
    const escape = cursor.text[cursor.index] ?? "";
    const simple = simpleEscapes[escape];
    if (simple === undefined && escape !== "u") refuse(cursor, "in string escape code");
    cursor.index++;
    value += simple ?? scanUnicodeEscape(cursor);
  }
};

const skipDigits = (cursor: Cursor, context: string): void => {
  if (!isDigit(cursor.text[cursor.index])) refuse(cursor, context);
  while (isDigit(cursor.text[cursor.index])) cursor.index++;
};

/** Reads a number that begins under the cursor, and returns it as it is written. */
export const scanNumber = (cursor: Cursor): string => {
  const start = cursor.index;
  if (cursor.text[cursor.index] === "-") cursor.index++;
  if (cursor.text[cursor.index] === "0") cursor.index++;
  else skipDigits(cursor, "in numeric literal");
  if (cursor.text[cursor.index] === ".") {
    cursor.index++;
    skipDigits(cursor, "after decimal point in numeric literal");
  }
  if (/^[eE]$/.test(cursor.text[cursor.index] ?? "")) {
    cursor.index++;
    if (/^[+-]$/.test(cursor.text[cursor.index] ?? "")) cursor.index++;
    skipDigits(cursor, "in exponent of numeric literal");
  }
  return cursor.text.slice(start, cursor.index);
};
