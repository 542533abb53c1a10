import type { Token, TokenKind } from "./token.ts";
import { keywords } from "./token.ts";

/** The tokens inside one pair of delimiters. */
interface Action {
  readonly tokens: readonly Token[];
  /** Offset behind the closing delimiter; absent when the last token is an error. */
  readonly next?: number;
  /** Whether the text that follows loses its leading blanks. */
  readonly trimRight: boolean;
}

const blanks = /[ \t\r\n]+/y;
const word = /[\p{L}\p{Nd}_]*/uy;
const interpreted = /"(?:[^"\\\n]|\\.)*"/y;
const raw = /`[^`]*`/y;
const character = /'(?:[^'\\\n]|\\.)*'/y;
const numeral =
  /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9_]+)?)/y;

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

const describeCharacter = (text: string, at: number): string => {
  const code = text.codePointAt(at) ?? 0;
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  return `U+${hex} '${String.fromCodePoint(code)}'`;
};

const isTerminator = (text: string, at: number): boolean =>
  at >= text.length || /[ \t\r\n.,|:()]/.test(text[at] ?? "") || text.startsWith("}}", at);

const simple: Readonly<Record<string, TokenKind>> = {
  "|": "pipe",
  "(": "leftParen",
  ")": "rightParen",
  "=": "assign",
};

const wordKind = (value: string): TokenKind => {
  if (value === "true" || value === "false") return "bool";
  if (value === "nil") return "nil";
  return keywords.includes(value) ? "keyword" : "identifier";
};

/** Reads the token at an offset that is neither blank nor the end. */
const lexOne = (text: string, at: number): Token => {
  const token = (kind: TokenKind, value: string): Token => ({ kind, value, at });
  const first = text[at] ?? "";
  const quoted = (pattern: RegExp, kind: TokenKind, what: string): Token => {
    const value = matchAt(pattern, text, at);
    return value === undefined ? token("error", `unterminated ${what}`) : token(kind, value);
  };
  const checked = (kind: TokenKind, value: string): Token =>
    isTerminator(text, at + value.length)
      ? token(kind, value)
      : token("error", `bad character ${describeCharacter(text, at + value.length)}`);
  if (first === '"') return quoted(interpreted, "string", "quoted string");
  if (first === "`") return quoted(raw, "string", "raw quoted string");
  if (first === "'") return quoted(character, "char", "character constant");
  if (text.startsWith(":=", at)) return token("declare", ":=");
  if (first === ":") return token("error", "expected :=");
  const kind = simple[first];
  if (kind !== undefined) return token(kind, first);
  if (first === "." && !/[0-9]/.test(text[at + 1] ?? "")) {
    const name = matchAt(word, text, at + 1) ?? "";
    return name === "" ? checked("dot", ".") : checked("field", `.${name}`);
  }
  if (first === "$") return checked("variable", `$${matchAt(word, text, at + 1) ?? ""}`);
  if (/[0-9+.-]/.test(first)) {
    const value = matchAt(numeral, text, at) ?? "";
    const tail = matchAt(word, text, at + value.length) ?? "";
    return /[0-9]/.test(value) && tail === ""
      ? token("number", value)
      : token("error", `bad number syntax: ${JSON.stringify(value + tail)}`);
  }
  const name = matchAt(word, text, at) ?? "";
  if (name !== "") return checked(wordKind(name), name);
  if (first === ",") return token("assign", ",");
  return token("error", `unrecognized character in action: ${describeCharacter(text, at)}`);
};

/** Cuts what stands between the delimiters into tokens, beginning at `start`. */
export const lexAction = (text: string, start: number): Action => {
  const tokens: Token[] = [];
  let depth = 0;
  const failed = (value: string, at: number): Action => ({
    tokens: [...tokens, { kind: "error", value, at }],
    trimRight: false,
  });
  for (let at = start; ;) {
    const space = matchAt(blanks, text, at) ?? "";
    const behind = at + space.length;
    const trimRight = space !== "" && text.startsWith("-}}", behind);
    if (trimRight || text.startsWith("}}", behind)) {
      if (depth > 0) return failed("unclosed left paren", behind);
      tokens.push({ kind: "right", value: "}}", at: behind });
      return { tokens, next: behind + (trimRight ? 3 : 2), trimRight };
    }
    if (behind >= text.length) return failed("unclosed action", behind);
    if (space !== "") tokens.push({ kind: "space", value: space, at });
    const token = lexOne(text, behind);
    if (token.kind === "leftParen") depth++;
    if (token.kind === "rightParen" && --depth < 0) return failed("unexpected right paren", behind);
    tokens.push(token);
    if (token.kind === "error") return { tokens, trimRight: false };
    at = behind + token.value.length;
  }
};
