import type { Statement } from "./ast.ts";
import { Parser } from "./parser.ts";
import { parsePipeline } from "./parse-pipeline.ts";
import { describeToken } from "./token.ts";

/** What ended a list of statements: `{{end}}`, or `{{else}}` with the keyword that follows it. */
type Ending = { readonly kind: "end" } | { readonly kind: "else"; readonly next: string };

const endingText = (ending: Ending): string => `{{${ending.kind}}}`;

const parseElse = (parser: Parser): Ending => {
  const next = parser.peekSolid();
  if (next.kind === "keyword" && (next.value === "if" || next.value === "with")) {
    parser.nextSolid();
    return { kind: "else", next: next.value };
  }
  parser.expect("right", "else");
  return { kind: "else", next: "" };
};

const parseControl = (parser: Parser, kind: "if" | "with" | "range"): Statement => {
  const mark = parser.variables.length;
  const pipeline = parsePipeline(parser, kind, "right");
  if (kind === "range") parser.rangeDepth++;
  const { statements: body, ending } = parseList(parser);
  if (kind === "range") parser.rangeDepth--;
  let otherwise: readonly Statement[] = [];
  if (ending.kind === "else") {
    if (ending.next === "if" || ending.next === "with") {
      if (ending.next !== kind) parser.refuse(`unexpected <${ending.next}> in else`);
      otherwise = [parseControl(parser, ending.next)];
    } else {
      const rest = parseList(parser);
      if (rest.ending.kind !== "end")
        parser.refuse(`expected end; found ${endingText(rest.ending)}`);
      otherwise = rest.statements;
    }
  }
  parser.variables.length = mark;
  return { kind, pipeline, body, otherwise };
};

const parseLoopExit = (parser: Parser, kind: "break" | "continue"): Statement => {
  const token = parser.nextSolid();
  if (token.kind !== "right") parser.refuse(`unexpected ${describeToken(token)} in {{${kind}}}`);
  if (parser.rangeDepth === 0) parser.refuse(`{{${kind}}} outside {{range}}`);
  return { kind };
};

/** One action, behind its left delimiter; an `{{end}}` or `{{else}}` is given back as such. */
const parseAction = (parser: Parser): Statement | Ending => {
  const token = parser.peekSolid();
  if (token.kind !== "keyword") {
    return { kind: "action", pipeline: parsePipeline(parser, "command", "right") };
  }
  parser.nextSolid();
  switch (token.value) {
    case "if":
    case "with":
    case "range":
      return parseControl(parser, token.value);
    case "break":
    case "continue":
      return parseLoopExit(parser, token.value);
    case "else":
      return parseElse(parser);
    case "end":
      parser.expect("right", "end");
      return { kind: "end" };
    default:
      return parser.unexpected(token, "command");
  }
};

const isEnding = (node: Statement | Ending): node is Ending =>
  node.kind === "end" || node.kind === "else";

const parseOne = (parser: Parser): Statement | Ending => {
  const token = parser.nextSolid();
  if (token.kind === "text") return { kind: "text", text: token.value };
  return token.kind === "left" ? parseAction(parser) : parser.unexpected(token, "input");
};

const parseList = (parser: Parser): { statements: readonly Statement[]; ending: Ending } => {
  const statements: Statement[] = [];
  while (parser.peekSolid().kind !== "end") {
    const node = parseOne(parser);
    if (isEnding(node)) return { statements, ending: node };
    statements.push(node);
  }
  return parser.refuse("unexpected EOF");
};

/** Parses a whole template. Throws an Error with Go's text. */
export const parse = (
  name: string,
  text: string,
  functions: ReadonlySet<string>,
): readonly Statement[] => {
  const parser = new Parser(name, text, functions);
  const statements: Statement[] = [];
  while (parser.peekSolid().kind !== "end") {
    const node = parseOne(parser);
    if (isEnding(node)) return parser.refuse(`unexpected ${endingText(node)}`);
    statements.push(node);
  }
  return statements;
};
