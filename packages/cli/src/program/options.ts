import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TlsOptions } from "@skein/sdk";
import { CommandError } from "../command/errors.ts";
import type { AnyFlag, Flag, Flags } from "../command/flag.ts";
import { booleanFlag, stringFlag } from "../flags/common.ts";

/** Where the daemon listens when nothing says otherwise. */
const DEFAULT_HOST = "unix:///run/skein/skein.sock";

/** The flags that stand before the command. */
export interface GlobalFlags {
  readonly host: Flag<string>;
  readonly tls: Flag<boolean>;
  readonly tlsVerify: Flag<boolean>;
  readonly tlsCa: Flag<string>;
  readonly tlsCert: Flag<string>;
  readonly tlsKey: Flag<string>;
  readonly version: Flag<boolean>;
}

const file = (name: string, description: string, base: string): Flag<string> =>
  stringFlag(name, description, {
    fallback: JSON.stringify(join(homedir(), ".docker", base)),
    complete: { kind: "files" },
  });

/** The flags that stand before the command. */
export const globalFlags: GlobalFlags = {
  host: stringFlag(
    "host",
    `Daemon socket to connect to: unix:///path or tcp://address:port (default "${DEFAULT_HOST}") [SKEIN_HOST, DOCKER_HOST]`,
    { short: "H" },
  ),
  tls: booleanFlag("tls", "Use TLS; implied by --tlsverify"),
  tlsVerify: booleanFlag("tlsverify", "Use TLS and verify the remote"),
  tlsCa: file("tlscacert", "Trust certs signed only by this CA", "ca.pem"),
  tlsCert: file("tlscert", "Path to TLS certificate file", "cert.pem"),
  tlsKey: file("tlskey", "Path to TLS key file", "key.pem"),
  version: booleanFlag("version", "Print version information and quit", { short: "v" }),
};

/** {@link globalFlags} as a list. */
export const globalFlagList: readonly AnyFlag[] = Object.values(globalFlags);

const given = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

/** The daemon's address from `-H`, SKEIN_HOST, DOCKER_HOST, or the default. */
export const hostFrom = (flags: Flags, environment: NodeJS.ProcessEnv): string =>
  flags.get(globalFlags.host) ??
  given(environment["SKEIN_HOST"]?.split(",")[0]) ??
  given(environment["DOCKER_HOST"]) ??
  DEFAULT_HOST;

const read = (path: string, wanted: boolean): string | undefined => {
  if (!wanted && !existsSync(path)) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`could not read TLS file: ${reason}`);
  }
};

/** Certificates for `tcp://`, when TLS is asked for. Throws CommandError for unreadable files. */
export const tlsFrom = (flags: Flags, environment: NodeJS.ProcessEnv): TlsOptions | undefined => {
  const verify =
    flags.get(globalFlags.tlsVerify) ?? (environment["DOCKER_TLS_VERIFY"] ?? "") !== "";
  if (!verify && !flags.on(globalFlags.tls)) return undefined;
  const directory = environment["DOCKER_CERT_PATH"] ?? join(homedir(), ".docker");
  const load = (flag: Flag<string>, base: string): string | undefined => {
    const path = flags.get(flag);
    return read(path ?? join(directory, base), path !== undefined);
  };
  const ca = load(globalFlags.tlsCa, "ca.pem");
  const cert = load(globalFlags.tlsCert, "cert.pem");
  const key = load(globalFlags.tlsKey, "key.pem");
  return {
    verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};
