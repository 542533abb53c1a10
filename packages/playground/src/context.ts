import type { Surroundings } from "./lifecycle.ts";
import { stateRootOf } from "./state.ts";

/** What the `playground` command needs from the program that it is part of. */
export interface PlaygroundDependencies {
  /** The program that runs the daemon, as in `["/usr/bin/node", "/opt/skein.mjs", "daemon"]`. */
  readonly daemonProgram: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdout?: (text: string) => void;
  readonly setExitCode?: (code: number) => void;
}

/** The dependencies with the defaults filled in. */
export interface Context extends Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (text: string) => void;
  readonly setExitCode: (code: number) => void;
}

/** Fills in this process for what is not given. Throws on a bad `SKEIN_PLAYGROUND_DIR`. */
export const contextOf = (dependencies: PlaygroundDependencies): Context => {
  const env = dependencies.env ?? process.env;
  const print =
    dependencies.stdout ??
    ((text: string): void => {
      process.stdout.write(text);
    });
  return {
    env,
    print,
    stateRoot: stateRootOf(env),
    daemonProgram: dependencies.daemonProgram,
    tell: (line) => {
      print(`${line}\n`);
    },
    setExitCode:
      dependencies.setExitCode ??
      ((code): void => {
        process.exitCode = code;
      }),
  };
};
