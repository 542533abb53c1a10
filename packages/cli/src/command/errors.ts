/** A command was called wrongly. The message is complete, with usage and hints. */
export class UsageError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.name = "UsageError";
    this.exitCode = exitCode;
  }
}

/** Help was asked for instead of running anything. */
export class HelpRequest extends Error {
  constructor(text: string) {
    super(text);
    this.name = "HelpRequest";
  }
}

/** A command failed with a text of its own; several lines for several failures. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandError";
  }
}

/** A command asks for its own help to be shown instead of running. */
export class ShowHelp extends Error {
  constructor() {
    super("help");
    this.name = "ShowHelp";
  }
}
