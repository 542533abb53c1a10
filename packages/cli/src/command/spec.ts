import type { Client } from "@skein/sdk";
import type { Clock } from "@skein/base";
import type { AnyFlag, Completion, Flags } from "./flag.ts";

/** Everything that a command may touch of the world. */
export interface Context {
  /** Connects on first use. Throws when the host's address is malformed. */
  client(): Client;
  /** Writes text as it is, without a line end. */
  out(text: string): void;
  error(text: string): void;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Width of the terminal on stdout, or undefined when it is none. */
  readonly columns: number | undefined;
  /** Resolves once, when the user interrupts; from then on interrupts end the process. */
  interrupted(): Promise<void>;
  /** Reads a line, without echo from a terminal. */
  readSecret(prompt: string): Promise<string>;
  /** The host as `-H` or the environment gave it. */
  readonly host: string;
}

/** Runs a command. Throws what {@link reportError} can tell the user. */
export type Run = (context: Context, flags: Flags, args: readonly string[]) => Promise<void>;

/** One command, as data: help, parsing and completion come from it. */
export interface CommandSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** What follows the command's name in usage, e.g. `[OPTIONS] NODE [NODE...]`. */
  readonly usage: string;
  /** The smallest and the largest number of arguments. */
  readonly args: readonly [least: number, most: number];
  readonly flags?: readonly AnyFlag[];
  /** True when flags end at the first argument, as in `service create IMAGE [COMMAND]`. */
  readonly flagsFirst?: true;
  readonly complete?: Completion;
  /** Loads the implementation, which help and completion never need. */
  readonly load: () => Promise<Run>;
}

/** A command that holds others. */
export interface GroupSpec {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandSpec[];
}
