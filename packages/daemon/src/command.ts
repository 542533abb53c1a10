import { messageOf } from "@skein/base";
import { Command } from "commander";
import { startDaemon } from "./daemon.ts";
import { addOptions, readOptions } from "./options.ts";

/** How long stopping may take before the process ends anyway. */
const STOP_MS = 15_000;

const onSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });

const run = async (flags: Readonly<Record<string, unknown>>): Promise<void> => {
  const stopped = onSignal();
  const starting = startDaemon(readOptions(flags, process.env));
  // Nothing has been promised yet: whoever stops a daemon that starts need not wait for it.
  const early = await Promise.race([starting.then(() => undefined), stopped]);
  if (early !== undefined) throw new Error(`stopped by ${early} before it was ready`);
  const daemon = await starting;
  await stopped;
  const late = setTimeout(() => process.exit(1), STOP_MS);
  await daemon.stop();
  clearTimeout(late);
};

/** `skein daemon`. */
export const daemonCommand = (): Command =>
  addOptions(new Command("daemon"))
    .description("Run the Skein daemon on this host")
    .action(async (flags: Readonly<Record<string, unknown>>) => {
      try {
        await run(flags);
        process.exit(0);
      } catch (error) {
        process.stderr.write(`skein daemon: ${messageOf(error)}\n`);
        process.exit(1);
      }
    });
