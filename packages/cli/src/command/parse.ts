import { parseBoolean } from "../flags/numbers.ts";
import type { AnyFlag } from "./flag.ts";
import { Flags } from "./flag.ts";

/** What the words after a command's name mean. */
export interface ParsedArguments {
  readonly flags: Flags;
  readonly operands: readonly string[];
  /** True when `--help` or `-h` was seen. */
  readonly help: boolean;
}

/** A word that is no valid flag. `flag` is the unknown name, for a suggestion. */
export class FlagError extends Error {
  readonly unknown: string | undefined;
  constructor(message: string, unknown?: string) {
    super(message);
    this.name = "FlagError";
    this.unknown = unknown;
  }
}

const label = (flag: AnyFlag): string =>
  flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;

/** The value of a flag that stands without one, or undefined when it needs one. */
const bare = (flag: AnyFlag): string | undefined => (flag.type === "" ? "true" : undefined);

class Reader {
  readonly flags = new Flags();
  help = false;
  readonly #words: readonly string[];
  readonly #known: readonly AnyFlag[];
  #position = 0;

  constructor(words: readonly string[], known: readonly AnyFlag[]) {
    this.#words = words;
    this.#known = known;
  }

  next(): string | undefined {
    return this.#words[this.#position++];
  }

  rest(): readonly string[] {
    return this.#words.slice(this.#position);
  }

  #set(flag: AnyFlag, text: string): void {
    try {
      this.flags.set(flag, text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new FlagError(
        `invalid argument ${JSON.stringify(text)} for "${label(flag)}" flag: ${reason}`,
      );
    }
  }

  long(word: string): void {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    if (name === "" || name.startsWith("-")) throw new FlagError(`bad flag syntax: ${word}`);
    const flag = this.#known.find((known) => known.name === name);
    if (!flag && name === "help") {
      this.help = equals < 0 || parseBoolean(word.slice(equals + 1));
      return;
    }
    if (!flag) throw new FlagError(`unknown flag: --${name}`, name);
    const value = equals < 0 ? (bare(flag) ?? this.next()) : word.slice(equals + 1);
    if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
    this.#set(flag, value);
  }

  /** `-abc`: each letter is a flag, until one takes the rest as its value. */
  short(word: string): void {
    for (let index = 1; index < word.length; index += 1) {
      const letter = word.charAt(index);
      const flag = this.#known.find(({ short }) => short === letter);
      const rest = word.slice(index + 1);
      if (!flag && letter === "h") {
        this.help = true;
        continue;
      }
      if (!flag)
        throw new FlagError(`unknown shorthand flag: '${letter}' in -${word.slice(index)}`, letter);
      if (rest.startsWith("=")) return this.#set(flag, rest.slice(1));
      const alone = bare(flag);
      if (alone === undefined) {
        const value = rest === "" ? this.next() : rest;
        if (value === undefined)
          throw new FlagError(`flag needs an argument: '${letter}' in -${word.slice(index)}`);
        return this.#set(flag, value);
      }
      this.#set(flag, alone);
    }
  }
}

/** `-f`; but neither `-` nor the arrow of `network trace A '->' B`. */
const isShort = (word: string): boolean => word.startsWith("-") && word !== "-" && word !== "->";

/**
 * Parses words as Docker's commands do: `--name value`, `--name=value`, `-n value`, `-nvalue`,
 * grouped letters, `--` ends flags. `stopAt` says whether flags end at this operand.
 * Throws {@link FlagError}.
 */
export const parseArguments = (
  words: readonly string[],
  known: readonly AnyFlag[],
  stopAt: (operand: string) => boolean,
): ParsedArguments => {
  const reader = new Reader(words, known);
  const operands: string[] = [];
  for (let word = reader.next(); word !== undefined; word = reader.next()) {
    if (word === "--") {
      operands.push(...reader.rest());
      break;
    }
    if (word.startsWith("--")) reader.long(word);
    else if (isShort(word)) reader.short(word);
    else {
      operands.push(word);
      if (stopAt(word)) {
        operands.push(...reader.rest());
        break;
      }
    }
  }
  return { flags: reader.flags, operands, help: reader.help };
};
