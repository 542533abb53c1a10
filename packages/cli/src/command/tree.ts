import { Command, Option } from "commander";
import { HelpRequest, UsageError } from "./errors.ts";
import type { AnyFlag, Completion, Flags } from "./flag.ts";
import { helpOf } from "./help-page.ts";
import { FlagError, parseArguments } from "./parse.ts";
import type { ParsedArguments } from "./parse.ts";
import type { CommandSpec, Context, GroupSpec } from "./spec.ts";
import { nearest } from "./suggest.ts";

/** Exit codes: a flag that does not parse, and everything else. */
const BAD_FLAG = 125;
const FAILURE = 1;

/** An option that keeps the flag from which it was made. */
export class FlagOption extends Option {
  readonly flag: AnyFlag;
  constructor(flag: AnyFlag) {
    const long = `--${flag.name}${flag.type === "" ? "" : ` <${flag.type}>`}`;
    super(flag.short === undefined ? long : `-${flag.short}, ${long}`, flag.description);
    this.flag = flag;
  }
}

/** `skein node ls`. */
const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

const usageLine = (command: Command): string =>
  `Usage:  ${pathOf(command)} ${command.usage()}`.trimEnd();

const usageError = (command: Command, problem: string, exitCode: number, see = "Run"): UsageError =>
  new UsageError(
    `${problem}\n\n${usageLine(command)}\n\n${see} '${pathOf(command)} --help' for more information`,
    exitCode,
  );

const parse = (
  command: Command,
  words: readonly string[],
  flags: readonly AnyFlag[],
  stopAt: (operand: string) => boolean,
): ParsedArguments => {
  try {
    return parseArguments(words, flags, stopAt);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    const names = flags.map(({ name }) => name);
    const near = error.unknown === undefined ? undefined : nearest(error.unknown, names);
    const hint = near === undefined ? "" : `\n\nDid you mean --${near}?`;
    throw usageError(command, error.message + hint, BAD_FLAG);
  }
};

const plural = (count: number): string => `${count} argument${count === 1 ? "" : "s"}`;

const checkCount = (command: Command, count: number, [least, most]: CommandSpec["args"]): void => {
  const subject = `${rootName(command)}: '${pathOf(command)}'`;
  if (most === 0 && count > 0)
    throw usageError(command, `${subject} accepts no arguments`, FAILURE);
  if (least === most && count !== least)
    throw usageError(command, `${subject} requires ${plural(least)}`, FAILURE);
  if (count < least)
    throw usageError(command, `${subject} requires at least ${plural(least)}`, FAILURE, "See");
  if (count > most)
    throw usageError(command, `${subject} requires at most ${plural(most)}`, FAILURE);
};

const rootName = (command: Command): string =>
  command.parent ? rootName(command.parent) : command.name();

/** The subcommand of that name or alias. */
export const findCommand = (command: Command, name: string): Command | undefined =>
  command.commands.find((child) => child.name() === name || child.aliases().includes(name));

const helpFor = (command: Command, path: readonly string[]): HelpRequest => {
  const [name, ...rest] = path;
  const child = name === undefined ? undefined : findCommand(command, name);
  return child ? helpFor(child, rest) : new HelpRequest(helpOf(command));
};

const unknownCommand = (command: Command, word: string): UsageError => {
  const names = command.commands.flatMap((child) => [child.name(), ...child.aliases()]);
  const near = nearest(word, names);
  const path = pathOf(command);
  const hint = near === undefined ? "" : `\n\nDid you mean '${path} ${near}'?`;
  const usage = command.parent ? `\n\nUsage:  ${path}` : "";
  return new UsageError(
    `${rootName(command)}: unknown command: ${path} ${word}${hint}${usage}\n\nRun '${path} --help' for more information`,
    FAILURE,
  );
};

/** A command that holds others. Its own flags end at the first word that is none. */
export class GroupCommand extends Command {
  readonly flags: readonly AnyFlag[];
  /** The flags that stood before the subcommand. */
  given: Flags | undefined;

  constructor(name: string, summary: string, flags: readonly AnyFlag[]) {
    super(name);
    this.flags = flags;
    this.description(summary).usage("COMMAND").helpCommand(false).helpOption(false);
    for (const flag of flags) this.addOption(new FlagOption(flag));
  }

  override parseOptions(words: string[]): { operands: string[]; unknown: string[] } {
    const parsed = parse(this, words, this.flags, () => true);
    this.given = parsed.flags;
    const [name, ...rest] = parsed.operands;
    if (parsed.help) throw helpFor(this, parsed.operands);
    if (name === undefined) throw new UsageError(helpOf(this).trimEnd(), 0);
    if (name === "help") throw helpFor(this, rest);
    if (!findCommand(this, name)) throw unknownCommand(this, name);
    return { operands: [name], unknown: rest };
  }

  override helpInformation(): string {
    return helpOf(this);
  }
}

/** A command that does something. */
export class LeafCommand extends Command {
  readonly spec: CommandSpec;
  readonly complete: Completion | undefined;
  #flags: Flags | undefined;

  constructor(spec: CommandSpec, context: () => Context) {
    super(spec.name);
    this.spec = spec;
    this.complete = spec.complete;
    this.description(spec.summary).usage(spec.usage).helpOption(false).allowExcessArguments();
    for (const alias of spec.aliases ?? []) this.alias(alias);
    for (const flag of spec.flags ?? []) this.addOption(new FlagOption(flag));
    this.action(async () => {
      const run = await spec.load();
      if (this.#flags) await run(context(), this.#flags, this.args);
    });
  }

  override parseOptions(words: string[]): { operands: string[]; unknown: string[] } {
    const stop = (): boolean => this.spec.flagsFirst === true;
    const parsed = parse(this, words, this.spec.flags ?? [], stop);
    if (parsed.help) throw new HelpRequest(helpOf(this));
    checkCount(this, parsed.operands.length, this.spec.args);
    this.#flags = parsed.flags;
    return { operands: [...parsed.operands], unknown: [] };
  }

  override helpInformation(): string {
    return helpOf(this);
  }
}

/** A group with its commands. */
export const buildGroup = (spec: GroupSpec, context: () => Context): GroupCommand => {
  const group = new GroupCommand(spec.name, spec.summary, []);
  for (const command of spec.commands) group.addCommand(new LeafCommand(command, context));
  return group;
};
