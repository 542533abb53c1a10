import type { Command, Option } from "commander";
import type { Completion } from "../command/flag.ts";
import type { Run } from "../command/spec.ts";
import { FlagOption, LeafCommand, findCommand } from "../command/tree.ts";
import type { Source } from "./names.ts";
import { namesFor } from "./names.ts";

/** What a shell may offer. */
export interface Offer {
  /** Word and, where there is one, what it means. */
  readonly words: readonly (readonly [word: string, meaning: string])[];
  /** Also offer files. */
  readonly files: boolean;
  /** Put no blank behind the word. */
  readonly noSpace: boolean;
}

const NOTHING: Offer = { words: [], files: false, noSpace: false };

const takesValue = (option: Option): boolean => option.required || option.optional;

const findOption = (command: Command, word: string): Option | undefined =>
  command.options.find(({ long, short }) => long === word || short === word);

const offerFlags = (command: Command): Offer => ({
  ...NOTHING,
  words: [
    ...command.options
      .filter(({ hidden }) => !hidden)
      .map(({ long, short, description }): readonly [string, string] => [
        long ?? short ?? "",
        description.split("\n")[0] ?? "",
      ]),
    ["--help", "Show help"],
  ],
});

const offerCommands = (command: Command): Offer => ({
  ...NOTHING,
  words: command.commands
    .filter((child) => !child.name().startsWith("__"))
    .map((child) => [child.name(), child.description()]),
});

const offerValues = async (
  completion: Completion | undefined,
  source: Source,
  choices: readonly string[] | undefined,
): Promise<Offer> => {
  if (choices) return { ...NOTHING, words: choices.map((word) => [word, ""]) };
  if (!completion || completion.kind === "none") return NOTHING;
  if (completion.kind === "files") return { ...NOTHING, files: true };
  if (completion.kind === "words")
    return { ...NOTHING, words: completion.words.map((word) => [word, ""]) };
  const words = await namesFor(completion.kind, source);
  const noSpace = completion.kind === "service-scale";
  return { ...NOTHING, words, noSpace };
};

const valueOf = (option: Option, source: Source): Promise<Offer> =>
  offerValues(
    option instanceof FlagOption ? option.flag.complete : { kind: "files" },
    source,
    option.argChoices,
  );

/**
 * What may stand in the place of the last of `words`, which may be empty or half a word. The words
 * before it choose the command.
 */
export const complete = async (
  program: Command,
  words: readonly string[],
  source: Source,
): Promise<Offer> => {
  const current = words.at(-1) ?? "";
  let command = program;
  let pending: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (pending) pending = undefined;
    else if (word.startsWith("-")) {
      const option = findOption(command, word);
      pending = option && takesValue(option) ? option : undefined;
    } else command = findCommand(command, word) ?? command;
  }
  if (pending) return valueOf(pending, source);
  const equals = current.indexOf("=");
  if (current.startsWith("--") && equals > 0) {
    const option = findOption(command, current.slice(0, equals));
    if (!option) return NOTHING;
    const offer = await valueOf(option, source);
    const prefix = current.slice(0, equals + 1);
    return { ...offer, words: offer.words.map(([word, meaning]) => [prefix + word, meaning]) };
  }
  if (current.startsWith("-")) return offerFlags(command);
  if (command.commands.length > 0) return offerCommands(command);
  return offerValues(
    command instanceof LeafCommand ? command.complete : undefined,
    source,
    undefined,
  );
};

/**
 * `skein __complete WORD...`, which the shells' scripts call: a word per line with its meaning
 * behind a tab, and in the last line `:files`, `:nospace` or `:`.
 */
export const createRun =
  (program: Command): Run =>
  async (context, _flags, args) => {
    const current = args.at(-1) ?? "";
    const offer = await complete(program, args, context);
    for (const [word, meaning] of offer.words)
      if (word.startsWith(current)) context.out(`${word}${meaning === "" ? "" : `\t${meaning}`}\n`);
    context.out(offer.files ? ":files\n" : offer.noSpace ? ":nospace\n" : ":\n");
  };
