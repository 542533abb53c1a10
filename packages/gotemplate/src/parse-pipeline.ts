import type { Command, Expression, Pipeline } from "./ast.ts";
import { describe } from "./ast.ts";
import { parseNumber, unquote } from "./literals.ts";
import type { Parser } from "./parser.ts";
import type { Token, TokenKind } from "./token.ts";
import { quote } from "./token.ts";

const isLiteral = ({ kind }: Expression): boolean =>
  kind === "bool" || kind === "dot" || kind === "nil" || kind === "number" || kind === "string";

const startsCommand: readonly TokenKind[] = [
  ...(["bool", "char", "dot", "field", "identifier", "number"] as const),
  ...(["nil", "string", "variable", "leftParen"] as const),
];

const parseLiteral = (parser: Parser, token: Token): Expression => {
  const { at, value: text } = token;
  if (token.kind === "number") {
    const value = parseNumber(text);
    if (value === undefined) return parser.refuse(`bad number syntax: ${quote(text)}`);
    return { kind: "number", at, text, value };
  }
  const value = unquote(text);
  if (value === undefined) return parser.refuse("invalid syntax");
  if (token.kind === "char") return { kind: "number", at, text, value: value.codePointAt(0) ?? 0 };
  return { kind: "string", at, text, value };
};

const literalKinds: readonly TokenKind[] = ["char", "number", "string"];

/** What a token of one piece stands for, or undefined when it cannot be an operand. */
const simpleTerm = (parser: Parser, { kind, value, at }: Token): Expression | undefined => {
  if (kind === "identifier") {
    if (!parser.hasFunction(value)) parser.refuse(`function ${quote(value)} not defined`);
    return { kind, at, name: value };
  }
  if (kind === "variable") {
    if (!parser.variables.includes(value)) parser.refuse(`undefined variable ${quote(value)}`);
    return { kind, at, name: value, names: [] };
  }
  if (kind === "dot" || kind === "nil") return { kind, at };
  if (kind === "field") return { kind, at, names: [value.slice(1)] };
  return kind === "bool" ? { kind, at, value: value === "true" } : undefined;
};

/** A single operand, or undefined when the next token cannot begin one. */
const parseTerm = (parser: Parser): Expression | undefined => {
  const token = parser.peekSolid();
  if (token.kind === "error") return parser.unexpected(parser.next(), "operand");
  if (literalKinds.includes(token.kind)) return parseLiteral(parser, parser.next());
  if (token.kind === "leftParen") {
    parser.next();
    return parsePipeline(parser, "parenthesized pipeline", "rightParen");
  }
  if (!startsCommand.includes(token.kind)) return undefined;
  return simpleTerm(parser, parser.next());
};

/** A term with the fields that follow it, as in `(index .A 0).B.C`. */
const parseOperand = (parser: Parser): Expression | undefined => {
  const term = parseTerm(parser);
  if (!term || parser.peek().kind !== "field") return term;
  // Go shows the place of the second name for `.A.B`; clients see it in error texts.
  const { at } = parser.peek();
  const names: string[] = [];
  while (parser.peek().kind === "field") names.push(parser.next().value.slice(1));
  if (term.kind === "field" || term.kind === "variable")
    return { ...term, at, names: [...term.names, ...names] };
  if (isLiteral(term)) parser.refuse(`unexpected . after term ${quote(describe(term))}`);
  return { kind: "chain", at, of: term, names };
};

const parseCommand = (parser: Parser): Command => {
  const { at } = parser.peekSolid();
  const args: Expression[] = [];
  for (;;) {
    parser.peekSolid();
    const operand = parseOperand(parser);
    if (operand) args.push(operand);
    const token = parser.peek();
    if (token.kind === "space") continue;
    if (token.kind === "pipe") {
      parser.next();
      break;
    }
    if (token.kind === "right" || token.kind === "rightParen") break;
    return parser.unexpected(parser.next(), "operand");
  }
  const [first, ...rest] = args;
  if (!first) return parser.refuse("empty command");
  return { kind: "command", at, args: [first, ...rest] };
};

/** Reads `$x :=`, `$x =` or, in `range`, `$i, $x :=`; nothing when the pipeline begins otherwise. */
const parseTargets = (
  parser: Parser,
  context: string,
): { readonly variables: readonly string[]; readonly assigns: boolean } => {
  const variables: string[] = [];
  for (;;) {
    if (parser.peekSolid().kind !== "variable") break;
    const operator = parser.peekBehind();
    const isComma = operator.kind === "assign" && operator.value === ",";
    if (operator.kind !== "declare" && operator.kind !== "assign") break;
    if (isComma && (context !== "range" || variables.length > 0))
      return parser.refuse(`too many declarations in ${context}`);
    variables.push(parser.nextSolid().value);
    parser.nextSolid();
    if (isComma) continue;
    const assigns = operator.kind === "assign";
    for (const name of variables) {
      if (!assigns) parser.variables.push(name);
      else if (!parser.variables.includes(name)) parser.refuse(`undefined variable ${quote(name)}`);
    }
    return { variables, assigns };
  }
  return { variables: [], assigns: false };
};

/** Reads a pipeline and the token that ends it. `context` names it in error texts. */
export const parsePipeline = (
  parser: Parser,
  context: string,
  end: "right" | "rightParen",
): Pipeline => {
  const { at } = parser.peekSolid();
  const targets = parseTargets(parser, context);
  const commands: Command[] = [];
  for (;;) {
    const token = parser.peekSolid();
    if (token.kind === end) {
      parser.next();
      break;
    }
    if (!startsCommand.includes(token.kind)) return parser.unexpected(parser.next(), context);
    commands.push(parseCommand(parser));
  }
  if (commands.length === 0) return parser.refuse(`missing value for ${context}`);
  for (const [index, { args }] of commands.entries())
    if (index > 0 && isLiteral(args[0]))
      parser.refuse(`non executable command in pipeline stage ${index + 1}`);
  return { kind: "pipeline", at, ...targets, commands };
};
