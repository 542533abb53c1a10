import { OperationError } from "@skein/base";
import type { Cursor } from "./cursor.ts";
import { refuse } from "./cursor.ts";
import type { JsonNode } from "./node.ts";
import { scanNumber, scanString } from "./scan.ts";

/** Deeper nesting is refused, with Go's text. No request comes near it. */
const MAX_DEPTH = 1000;

const skipBlanks = (cursor: Cursor): void => {
  for (; cursor.index < cursor.text.length; cursor.index++) {
    const character = cursor.text[cursor.index];
    if (character !== " " && character !== "\t" && character !== "\n" && character !== "\r") return;
  }
};

const scanLiteral = (cursor: Cursor, word: string): void => {
  for (const expected of word) {
    if (cursor.text[cursor.index] !== expected)
      refuse(cursor, `in literal ${word} (expecting '${expected}')`);
    cursor.index++;
  }
};

const scanArray = (cursor: Cursor, depth: number): JsonNode => {
  const items: JsonNode[] = [];
  cursor.index++;
  skipBlanks(cursor);
  if (cursor.text[cursor.index] === "]") {
    cursor.index++;
    return { kind: "array", items };
  }
  for (;;) {
    items.push(scanValue(cursor, depth));
    skipBlanks(cursor);
    const character = cursor.text[cursor.index];
    if (character !== "," && character !== "]") refuse(cursor, "after array element");
    cursor.index++;
    if (character === "]") return { kind: "array", items };
  }
};

const scanObject = (cursor: Cursor, depth: number): JsonNode => {
  const entries: (readonly [string, JsonNode])[] = [];
  cursor.index++;
  skipBlanks(cursor);
  if (cursor.text[cursor.index] === "}") {
    cursor.index++;
    return { kind: "object", entries };
  }
  for (;;) {
    skipBlanks(cursor);
    if (cursor.text[cursor.index] !== '"')
      refuse(cursor, "looking for beginning of object key string");
    const key = scanString(cursor);
    skipBlanks(cursor);
    if (cursor.text[cursor.index] !== ":") refuse(cursor, "after object key");
    cursor.index++;
    entries.push([key, scanValue(cursor, depth)]);
    skipBlanks(cursor);
    const character = cursor.text[cursor.index];
    if (character !== "," && character !== "}") refuse(cursor, "after object key:value pair");
    cursor.index++;
    if (character === "}") return { kind: "object", entries };
  }
};

const scanValue = (cursor: Cursor, depth: number): JsonNode => {
  skipBlanks(cursor);
  const character = cursor.text[cursor.index] ?? "";
  if (character === "{" || character === "[") {
    if (depth >= MAX_DEPTH) throw new OperationError("invalid-parameter", "exceeded max depth");
    return character === "{" ? scanObject(cursor, depth + 1) : scanArray(cursor, depth + 1);
  }
  if (character === '"') return { kind: "string", value: scanString(cursor) };
  if (character === "-" || (character >= "0" && character <= "9"))
    return { kind: "number", text: scanNumber(cursor) };
  const word = { t: "true", f: "false", n: "null" }[character];
  if (word === undefined) return refuse(cursor, "looking for beginning of value");
  scanLiteral(cursor, word);
  return word === "null" ? { kind: "null" } : { kind: "bool", value: word === "true" };
};

/**
 * Parses one whole text as Go's `json.Unmarshal` does.
 * @throws OperationError `invalid-parameter` with Go's text.
 */
export const parseJson = (text: string): JsonNode => {
  const cursor: Cursor = { text, endOfText: "unexpected end of JSON input", index: 0 };
  const node = scanValue(cursor, 0);
  skipBlanks(cursor);
  return cursor.index < text.length ? refuse(cursor, "after top-level value") : node;
};

/**
 * Parses a request body as the Docker API does, whose texts for an empty or cut-off body differ from
 * {@link parseJson}'s.
 * @throws OperationError `invalid-parameter`.
 */
export const parseBody = (text: string): JsonNode => {
  const cursor: Cursor = { text, endOfText: "unexpected EOF", index: 0 };
  skipBlanks(cursor);
  if (cursor.index >= text.length)
    throw new OperationError("invalid-parameter", "got EOF while reading request body");
  const node = scanValue(cursor, 0);
  skipBlanks(cursor);
  if (cursor.index < text.length)
    throw new OperationError("invalid-parameter", "unexpected content after JSON");
  return node;
};
