import { lex } from "./lex.ts";
import type { Token, TokenKind } from "./token.ts";
import { describeToken } from "./token.ts";

/** The state of parsing one template: where in the tokens, which variables are in reach. */
export class Parser {
  readonly variables: string[] = ["$"];
  rangeDepth: number = 0;
  readonly #name: string;
  readonly #text: string;
  readonly #functions: ReadonlySet<string>;
  readonly #tokens: readonly Token[];
  #index: number = 0;

  constructor(name: string, text: string, functions: ReadonlySet<string>) {
    this.#name = name;
    this.#text = text;
    this.#functions = functions;
    this.#tokens = lex(text);
  }

  peek(): Token {
    const last = this.#tokens.at(-1);
    const token = this.#tokens[this.#index] ?? last;
    return token ?? { kind: "end", value: "", at: 0 };
  }

  next(): Token {
    const token = this.peek();
    this.#index++;
    return token;
  }

  /** As {@link peek}, past any space, which is consumed. */
  peekSolid(): Token {
    while (this.peek().kind === "space") this.#index++;
    return this.peek();
  }

  nextSolid(): Token {
    this.peekSolid();
    return this.next();
  }

  /** The token behind the present one and any space, without consuming anything. */
  peekBehind(): Token {
    let index = this.#index + 1;
    while (this.#tokens[index]?.kind === "space") index++;
    return this.#tokens[index] ?? this.peek();
  }

  hasFunction(name: string): boolean {
    return this.#functions.has(name);
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextSolid();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  unexpected(token: Token, context: string): never {
    if (token.kind === "error") return this.refuse(token.value);
    return this.refuse(`unexpected ${describeToken(token)} in ${context}`);
  }

  /** Throws `template: <name>:<line>: <message>`. */
  refuse(message: string): never {
    const token = this.#tokens[Math.max(0, this.#index - 1)] ?? this.peek();
    const line = this.#text.slice(0, token.at).split("\n").length;
    throw new Error(`template: ${this.#name}:${line}: ${message}`);
  }
}
