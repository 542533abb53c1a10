import { lexAction } from "./lex-action.ts";
import type { Token } from "./token.ts";

const LEFT = "{{";
const LEFT_COMMENT = "/*";
const RIGHT_COMMENT = "*/";
const blank = /[ \t\r\n]/;

const trimsLeft = (text: string, at: number): boolean =>
  text[at] === "-" && blank.test(text[at + 1] ?? "");

interface Comment {
  /** Offset behind the closing delimiter. */
  readonly next: number;
  readonly trimRight: boolean;
}

/** Reads a comment whose delimiter begins at `at`; a string tells what is wrong with it. */
const lexComment = (text: string, at: number): Comment | string => {
  const close = text.indexOf(RIGHT_COMMENT, at);
  if (close < 0) return "unclosed comment";
  const after = close + RIGHT_COMMENT.length;
  if (text.startsWith("}}", after)) return { next: after + 2, trimRight: false };
  if (blank.test(text[after] ?? "") && text.startsWith("-}}", after + 1))
    return { next: after + 4, trimRight: true };
  return "comment ends before closing delimiter";
};

/**
 * Cuts a template into tokens. The last one is `end` or `error`; what is wrong with the text's form
 * is told there.
 */
export const lex = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  let trimRight = false;
  for (let at = 0; ;) {
    const found = text.indexOf(LEFT, at);
    const end = found < 0 ? text.length : found;
    const inner = end + LEFT.length;
    const trimLeft = found >= 0 && trimsLeft(text, inner);
    let plain = text.slice(at, end);
    if (trimRight) plain = plain.trimStart();
    if (trimLeft) plain = plain.trimEnd();
    if (plain !== "") tokens.push({ kind: "text", value: plain, at });
    if (found < 0) return [...tokens, { kind: "end", value: "", at: end }];
    const start = trimLeft ? inner + 2 : inner;
    if (text.startsWith(LEFT_COMMENT, start)) {
      const comment = lexComment(text, start);
      if (typeof comment === "string")
        return [...tokens, { kind: "error", value: comment, at: end }];
      ({ next: at, trimRight } = comment);
      continue;
    }
    tokens.push({ kind: "left", value: LEFT, at: end });
    const action = lexAction(text, start);
    tokens.push(...action.tokens);
    if (action.next === undefined) return tokens;
    ({ next: at, trimRight } = { next: action.next, trimRight: action.trimRight });
  }
};
