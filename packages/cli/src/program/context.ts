import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "@skein/sdk";
import type { Client } from "@skein/sdk";
import type { Clock } from "@skein/base";
import type { Flags } from "../command/flag.ts";
import type { Context } from "../command/spec.ts";
import { VERSION } from "../version.ts";
import { hostFrom, tlsFrom } from "./options.ts";
import { readSecret } from "./read-secret.ts";

/** The machine's clock. */
const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await wait(Math.max(0, ms), undefined, signal ? { signal } : {});
  },
};

/** The context of commands that run in this process. */
export const processContext = (flags: Flags): Context => {
  const environment = process.env;
  const host = hostFrom(flags, environment);
  let client: Client | undefined;
  let interrupted: Promise<void> | undefined;
  return {
    host,
    environment,
    clock: systemClock,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    client: () => {
      const tls = host.startsWith("unix://") ? undefined : tlsFrom(flags, environment);
      const headers = { "User-Agent": `Skein-Client/${VERSION} (${process.platform})` };
      return (client ??= createClient({ host, headers, ...(tls ? { tls } : {}) }));
    },
    out: (text) => {
      process.stdout.write(text);
    },
    error: (text) => {
      process.stderr.write(text);
    },
    interrupted: () =>
      (interrupted ??= new Promise((resolve) => {
        process.once("SIGINT", () => {
          resolve();
        });
      })),
    readSecret,
  };
};
