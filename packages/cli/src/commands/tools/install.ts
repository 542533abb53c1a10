import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { CommandError } from "../../command/errors.ts";
import type { Context, Run } from "../../command/spec.ts";
import { installFlags } from "./tool-flags.ts";
import { unitText } from "./unit.ts";

const UNIT_PATH = "/etc/systemd/system/skein.service";
const CONFIG_PATH = "/etc/skein/skein.yml";

/** The command line that started this process, without the arguments of the user. */
const executable = (): readonly string[] => {
  const [node = "node", script] = process.argv;
  return script === undefined ? [node] : [node, script];
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const systemctl = (args: readonly string[]): void => {
  const { error, status, stderr } = spawnSync("systemctl", args, { encoding: "utf8" });
  if (error) throw new CommandError(`cannot run systemctl: ${error.message}`);
  if (status !== 0) throw new CommandError(`systemctl ${args.join(" ")}: ${stderr.trim()}`);
};

const writeUnit = (path: string, text: string): void => {
  try {
    writeFileSync(path, text);
    chmodSync(path, 0o644);
  } catch (error) {
    throw new CommandError(
      `cannot write ${path}: ${reasonOf(error)}\nRun the command as root on a host with systemd, or use --print and put the unit in place yourself.`,
    );
  }
};

const hints = (context: Context): void => {
  context.out(
    `Settings are read from ${CONFIG_PATH} when it exists; 'skein daemon --help' lists them.\n`,
  );
};

/** `skein install`: writes a systemd unit for the daemon, and says what it did. */
export const run: Run = async (context, flags) => {
  const path = flags.get(installFlags.unit) ?? UNIT_PATH;
  const text = unitText(executable(), CONFIG_PATH);
  if (flags.on(installFlags.print)) {
    context.out(text);
    return;
  }
  const existed = existsSync(path);
  writeUnit(path, text);
  context.out(`${existed ? "Replaced" : "Wrote"} ${path}.\n`);
  if (flags.on(installFlags.now)) {
    systemctl(["daemon-reload"]);
    systemctl(["enable", "--now", "skein.service"]);
    context.out("Enabled and started skein.service.\n");
  } else
    context.out(
      "Start it with 'systemctl daemon-reload' and 'systemctl enable --now skein.service'.\n",
    );
  hints(context);
};
