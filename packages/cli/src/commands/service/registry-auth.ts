import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { encodeRegistryAuth } from "@skein/wire";
import type { RegistryAuth } from "@skein/wire";
import { registryOf } from "../../output/image.ts";

/** The parts of Docker's client configuration that hold credentials. */
interface ClientConfig {
  readonly auths?: Readonly<
    Record<string, { readonly auth?: string; readonly identitytoken?: string }>
  >;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

const readConfig = (environment: NodeJS.ProcessEnv): ClientConfig => {
  const directory = environment["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  try {
    return JSON.parse(readFileSync(join(directory, "config.json"), "utf8")) as ClientConfig;
  } catch {
    // Nobody has logged in on this machine.
    return {};
  }
};

/** Asks a credential helper, e.g. `docker-credential-pass`. */
const askHelper = (helper: string, registry: string): RegistryAuth => {
  const { status, stdout } = spawnSync(`docker-credential-${helper}`, ["get"], {
    input: registry,
    encoding: "utf8",
  });
  if (status !== 0) return {};
  const { Username = "", Secret = "" } = JSON.parse(stdout) as {
    readonly Username?: string;
    readonly Secret?: string;
  };
  return Username === "<token>"
    ? { identitytoken: Secret }
    : { username: Username, password: Secret };
};

const fromFile = (config: ClientConfig, registry: string): RegistryAuth => {
  const host = registry.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  const { auths = {} } = config;
  const entry = auths[registry] ?? auths[host] ?? auths[`https://${host}`];
  if (!entry) return {};
  const text = Buffer.from(entry.auth ?? "", "base64").toString("utf8");
  const [username = "", ...password] = text.split(":");
  return {
    username,
    password: password.join(":"),
    ...(entry.identitytoken === undefined ? {} : { identitytoken: entry.identitytoken }),
  };
};

/** The X-Registry-Auth header for an image, from Docker's own client configuration. */
export const registryAuthFor = (image: string, environment: NodeJS.ProcessEnv): string => {
  const registry = registryOf(image);
  const config = readConfig(environment);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  const found = helper === undefined ? fromFile(config, registry) : askHelper(helper, registry);
  return encodeRegistryAuth({ ...found, serveraddress: registry });
};
