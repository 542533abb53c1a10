/** The kinds of tokens. Spaces matter: they separate a command's arguments. */
export type TokenKind =
  | "text"
  | "left"
  | "right"
  | "space"
  | "bool"
  | "char"
  | "declare"
  | "assign"
  | "dot"
  | "field"
  | "identifier"
  | "keyword"
  | "leftParen"
  | "rightParen"
  | "nil"
  | "number"
  | "pipe"
  | "string"
  | "variable"
  | "error"
  | "end";

/** A piece of a template's text; an error's text is in `value`. */
export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  /** Offset in the template's text. */
  readonly at: number;
}

/** The words that begin a control structure. */
export const keywords: readonly string[] = [
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "range",
  "template",
  "with",
];

/** A string as Go's `%q` writes it. */
export const quote = (text: string): string => JSON.stringify(text).replaceAll("\\u007f", "\\x7f");

/** A token as error texts name it. */
export const describeToken = (token: Token): string => {
  if (token.kind === "end") return "EOF";
  if (token.kind === "error") return token.value;
  if (token.kind === "keyword") return `<${token.value}>`;
  const value = token.value;
  return value.length > 10 ? `${quote(value.slice(0, 10))}...` : quote(value);
};
