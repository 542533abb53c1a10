import type { Flag } from "../../command/flag.ts";
import { booleanFlag, stringFlag } from "../../flags/common.ts";

/** Flags of `skein install`. */
export interface InstallFlags {
  readonly print: Flag<boolean>;
  readonly now: Flag<boolean>;
  readonly unit: Flag<string>;
}

/** Flags of `skein install`. */
export const installFlags: InstallFlags = {
  print: booleanFlag("print", "Only print the unit"),
  now: booleanFlag("now", "Also enable and start it"),
  unit: stringFlag("unit", "Where to write the unit", {
    fallback: '"/etc/systemd/system/skein.service"',
    complete: { kind: "files" },
  }),
};

/** `--format` of `version` and `info`. */
export const formatFlag: Flag<string> = stringFlag(
  "format",
  `Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`,
  { short: "f" },
);

/** Flags of `backup`. */
export interface BackupFlags {
  readonly to: Flag<string>;
  readonly passphrase: Flag<boolean>;
}

/** Flags of `backup`. */
export const backupFlags: BackupFlags = {
  to: stringFlag("to", "File to write, which must not be there yet, or '-' for stdout", {
    fallback: '"skein-backup-TIME.skein"',
    complete: { kind: "files" },
  }),
  passphrase: booleanFlag("passphrase", "Protect the file by a passphrase, which is asked for"),
};

/** Flags of `doctor`. */
export interface DoctorFlags {
  readonly format: Flag<string>;
  readonly node: Flag<string>;
}

/** Flags of `doctor`. */
export const doctorFlags: DoctorFlags = {
  format: stringFlag("format", "Print as JSON with 'json'", {
    short: "f",
    complete: { kind: "words", words: ["json"] },
  }),
  node: stringFlag("node", "Look at another node, or at 'all' of them; only on a manager", {
    complete: { kind: "nodes" },
  }),
};

/** Flags of `context install`. */
export interface ContextFlags {
  readonly name: Flag<string>;
  readonly use: Flag<boolean>;
}

/** Flags of `context install`. */
export const contextFlags: ContextFlags = {
  name: stringFlag("name", "Name of the context", { fallback: '"skein"' }),
  use: booleanFlag("use", "Also make it the context that docker uses by default"),
};
