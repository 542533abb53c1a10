import { Command, CommanderError } from "commander";
import { HelpRequest, ShowHelp, UsageError } from "../command/errors.ts";
import { Flags } from "../command/flag.ts";
import { helpOf } from "../command/help-page.ts";
import { parseArguments } from "../command/parse.ts";
import type { Context } from "../command/spec.ts";
import { GroupCommand, LeafCommand, buildGroup } from "../command/tree.ts";
import { describeError } from "../output/report.ts";
import { networkGroup } from "../commands/network/group.ts";
import { nodeGroup } from "../commands/node/group.ts";
import { serviceGroup } from "../commands/service/group.ts";
import { swarmGroup } from "../commands/swarm/group.ts";
import { toolSpecs } from "../commands/tools/specs.ts";
import { contextGroup } from "../commands/tools/context-group.ts";
import { VERSION } from "../version.ts";
import { processContext } from "./context.ts";
import { globalFlagList, globalFlags } from "./options.ts";

/** A command that another package brings: only loaded when it is asked for. */
export interface LazyCommand {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** The exit code of flags that do not parse. */
const BAD_FLAG = 125;

/** Makes a command of another package look and fail like ours. */
const adopt = (command: Command): Command => {
  command.exitOverride().configureOutput({
    writeErr: () => {
      // The text comes with the error, and is written once, at the end.
    },
  });
  command.configureHelp({ formatHelp: (shown) => helpOf(shown) });
  command.commands.forEach(adopt);
  return command;
};

/** The first word that is no flag: the command that is asked for. */
const firstWord = (words: readonly string[]): string | undefined => {
  try {
    return parseArguments(words, globalFlagList, () => true).operands[0];
  } catch {
    // Reported when the words are parsed for good.
    return undefined;
  }
};

/** Builds all commands; those of other packages stay empty unless one of them is `wanted`. */
export const buildProgram = async (
  lazy: readonly LazyCommand[],
  wanted: (name: string) => boolean,
  makeContext: (flags: Flags) => Context = processContext,
): Promise<GroupCommand> => {
  const program = new GroupCommand(
    "skein",
    "Swarm mode for any Docker-compatible engine",
    globalFlagList,
  );
  program.usage("[OPTIONS] COMMAND");
  let context: Context | undefined;
  const getContext = (): Context => (context ??= makeContext(program.given ?? new Flags()));
  for (const group of [swarmGroup, nodeGroup, serviceGroup, networkGroup, contextGroup])
    program.addCommand(buildGroup(group, getContext));
  for (const spec of toolSpecs(program)) program.addCommand(new LeafCommand(spec, getContext));
  for (const { name, summary, load } of lazy)
    program.addCommand(
      wanted(name)
        ? // At most one is wanted, but for completion.
          adopt(await load())
        : new Command(name).description(summary).helpOption(false),
    );
  return program;
};

const report = (error: unknown, program: GroupCommand): number => {
  const { stderr, stdout } = process;
  if (error instanceof HelpRequest) {
    stdout.write(error.message);
    return 0;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    stderr.write(`${program.name()}: ${error.message.replace(/^error: /, "")}\n`);
    return error.code.includes("ption") ? BAD_FLAG : error.exitCode;
  }
  stderr.write(`${describeError(error)}\n`);
  return error instanceof UsageError ? error.exitCode : 1;
};

/** The command whose help a command asked for. */
const selected = (program: Command, words: readonly string[]): Command => {
  const [name, ...rest] = words;
  const child = program.commands.find((command) => command.name() === name);
  return child ? selected(child, rest) : program;
};

/**
 * Runs the command line `words` (without the program's name) and gives the exit code: 0, 1 for
 * failures, 125 for flags that do not parse.
 */
export const runProgram = async (
  words: readonly string[],
  lazy: readonly LazyCommand[] = [],
): Promise<number> => {
  const first = firstWord(words);
  const all = first === "__complete" || first === "help";
  const named = (name: string): boolean =>
    name === first || (all && words.some((word) => word === name));
  const program = await buildProgram(lazy, named);
  try {
    const { flags } = parseArgumentsOrNone(words);
    if (flags.on(globalFlags.version)) {
      process.stdout.write(`Skein version ${VERSION}\n`);
      return 0;
    }
    await program.parseAsync([...words], { from: "user" });
    return 0;
  } catch (error) {
    const shown =
      error instanceof ShowHelp ? new HelpRequest(helpOf(selected(program, words))) : error;
    return report(shown, program);
  }
};

const parseArgumentsOrNone = (words: readonly string[]): { readonly flags: Flags } => {
  try {
    return parseArguments(words, globalFlagList, () => true);
  } catch {
    return { flags: new Flags() };
  }
};
