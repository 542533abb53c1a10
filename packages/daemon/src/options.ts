import { readFileSync } from "node:fs";
import { messageOf, OperationError } from "@skein/base";
import { Option } from "commander";
import type { Command } from "commander";
import { parse } from "yaml";

/** Everything that the daemon can be told. Paths are absolute or relative to the working directory. */
export interface DaemonOptions {
  /** `unix:///path` or `tcp://address:port`, at least one. */
  readonly hosts: readonly string[];
  readonly engine: string;
  readonly dataDir: string;
  readonly runDir: string;
  /** Where the cluster's own port is bound unless `swarm init` or `join` say otherwise. */
  readonly listenAddr: string;
  /** How long the leader of several managers may be silent before another is elected, in ms. */
  readonly electionTimeoutMs: number;
  /** Managers: how long one key of encrypted networks is used, in milliseconds. */
  readonly networkKeyPeriodMs: number;
  /** An etcd that managers keep the state in, instead of members of their own; empty: none. */
  readonly storeEndpoints: readonly string[];
  readonly storeCa: string | undefined;
  readonly storeCert: string | undefined;
  readonly storeKey: string | undefined;
  readonly pidfile: string | undefined;
  readonly logLevel: LogLevel;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsCaCert: string | undefined;
}

type LogLevel = "debug" | "info" | "warn" | "error";

interface Declaration {
  /** Name in the configuration file; the flag is its kebab-case form, the variable SKEIN_<UPPER>. */
  readonly name: string;
  readonly flag: string;
  readonly description: string;
  readonly fallback?: string;
  readonly choices?: readonly string[];
  readonly list?: true;
  readonly boolean?: true;
}

/** One declaration per option: flag, variable, file and help all come from here. */
export const declarations: readonly Declaration[] = [
  {
    name: "host",
    flag: "--host <address>",
    description: "listen for the Docker API on unix:///path or tcp://address:port (repeatable)",
    fallback: "unix:///run/skein/skein.sock",
    list: true,
  },
  {
    name: "engine",
    flag: "--engine <address>",
    description: "the container engine's socket",
    fallback: "unix:///var/run/docker.sock",
  },
  {
    name: "dataDir",
    flag: "--data-dir <path>",
    description: "where the cluster's state and this node's certificates are kept",
    fallback: "/var/lib/skein",
  },
  {
    name: "runDir",
    flag: "--run-dir <path>",
    description: "where secrets and other things of one boot are kept (a tmpfs is made in it)",
    fallback: "/run/skein",
  },
  {
    name: "listenAddr",
    flag: "--listen-addr <address>",
    description: "address and port for traffic between nodes, unless init or join name another",
    fallback: "0.0.0.0:2377",
  },
  {
    name: "electionTimeout",
    flag: "--election-timeout <milliseconds>",
    description: "how long the leader of several managers may be silent before another is elected",
    fallback: "1000",
  },
  {
    name: "networkKeyRotation",
    flag: "--network-key-rotation <hours>",
    description: "managers: hours after which encrypted networks get another key, 0.1 to 720",
    fallback: "12",
  },
  {
    name: "storeEndpoints",
    flag: "--store-endpoints <url>",
    description:
      "managers: keep the state in this etcd, https://host:port, instead of one of their own (repeatable)",
    list: true,
  },
  { name: "storeCa", flag: "--store-ca <path>", description: "authority of that etcd (PEM)" },
  {
    name: "storeCert",
    flag: "--store-cert <path>",
    description: "client certificate for that etcd (PEM)",
  },
  { name: "storeKey", flag: "--store-key <path>", description: "its private key (PEM)" },
  { name: "pidfile", flag: "--pidfile <path>", description: "write the process id to this file" },
  {
    name: "logLevel",
    flag: "--log-level <level>",
    description: "how much to log",
    fallback: "info",
    choices: ["debug", "info", "warn", "error"],
  },
  { name: "debug", flag: "--debug", description: "the same as --log-level debug", boolean: true },
  {
    name: "tlsCert",
    flag: "--tls-cert <path>",
    description: "certificate for tcp:// listeners (PEM)",
  },
  { name: "tlsKey", flag: "--tls-key <path>", description: "its private key (PEM)" },
  {
    name: "tlsCaCert",
    flag: "--tls-ca-cert <path>",
    description: "tcp:// clients must show a certificate of this authority (PEM)",
  },
];

const variableOf = (name: string): string =>
  `SKEIN_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

const collect = (value: string, former: readonly string[] | undefined): readonly string[] => [
  ...(former ?? []),
  value,
];

/** Adds every option to the command. Defaults are filled in by {@link readOptions}, not here. */
export const addOptions = (command: Command): Command => {
  for (const { name, flag, description, fallback, choices, list } of declarations) {
    const more = fallback === undefined ? "" : ` (default "${fallback}")`;
    const option = new Option(flag, `${description}${more} [${variableOf(name)}]`);
    if (choices) option.choices(choices);
    if (list) option.argParser(collect);
    command.addOption(option);
  }
  return command.option("--config <file>", "read options from this file (YAML or JSON)");
};

const invalid = (text: string): OperationError => new OperationError("invalid-parameter", text);

const readFile = (path: string): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = parse(readFileSync(path, "utf8")) ?? {};
  } catch (error) {
    throw invalid(`cannot read the configuration file "${path}": ${messageOf(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(`the configuration file "${path}" must hold names and values`);
  const known = new Set(declarations.map(({ name }) => name));
  const unknown = Object.keys(value).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw invalid(
      `unknown option "${unknown[0]}" in "${path}"; known are: ${[...known].join(", ")}`,
    );
  return { ...value };
};

const HOUR_MS = 3_600_000;
/** A rotation must have come to every node before the next one; in hours. */
const LEAST_ROTATION = 0.1;
const MOST_ROTATION = 720;

const keyPeriod = (value: string): number => {
  const hours = Number(value);
  if (!(hours >= LEAST_ROTATION && hours <= MOST_ROTATION))
    throw invalid(
      `option "networkKeyRotation" must be a number of hours from ${LEAST_ROTATION} to ${MOST_ROTATION}, not "${value}"`,
    );
  return Math.round(hours * HOUR_MS);
};

type Values = Readonly<Record<string, unknown>>;

const pick = (name: string, sources: readonly Values[]): unknown =>
  sources.map((source) => source[name]).find((value) => value !== undefined);

const text = (declaration: Declaration, value: unknown): string | undefined => {
  if (value === undefined) return declaration.fallback;
  if (typeof value !== "string") throw invalid(`option "${declaration.name}" must be a text`);
  if (declaration.choices && !declaration.choices.includes(value))
    throw invalid(`option "${declaration.name}" must be one of: ${declaration.choices.join(", ")}`);
  return value;
};

const texts = (declaration: Declaration, value: unknown): readonly string[] => {
  if (value === undefined) return declaration.fallback === undefined ? [] : [declaration.fallback];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.some((entry) => typeof entry !== "string") || list.length === 0)
    throw invalid(`option "${declaration.name}" must be a text or a list of texts`);
  return list.map(String);
};

/** etcd accepts 50 s at most; below 200 ms a busy machine would elect all the time. */
const electionTimeout = (value: string): number => {
  const ms = Number(value);
  if (Number.isInteger(ms) && ms >= 200 && ms <= 50_000) return ms;
  throw invalid(`invalid election timeout "${value}": use 200 to 50000 milliseconds`);
};

/**
 * Merges flags over the environment over the file over the defaults.
 * Throws (invalid-parameter) naming the option or the file that is wrong.
 */
export const readOptions = (flags: Values, environment: NodeJS.ProcessEnv): DaemonOptions => {
  const config = flags["config"] ?? environment["SKEIN_CONFIG"];
  const file = typeof config === "string" ? readFile(config) : {};
  const variables: Record<string, unknown> = {};
  for (const { name, list, boolean } of declarations) {
    const value = environment[variableOf(name)];
    if (value === undefined || value === "") continue;
    if (list) variables[name] = value.split(",");
    else variables[name] = boolean ? value !== "0" && value !== "false" : value;
  }
  const sources = [flags, variables, file];
  const declared = new Map(declarations.map((declaration) => [declaration.name, declaration]));
  const one = (name: string): string | undefined => {
    const declaration = declared.get(name);
    return declaration && text(declaration, pick(name, sources));
  };
  const many = (name: string): readonly string[] => {
    const declaration = declared.get(name);
    return declaration ? texts(declaration, pick(name, sources)) : [];
  };
  const hosts = many("host");
  for (const host of hosts)
    if (!/^(unix:\/\/\/.|tcp:\/\/.+:\d+$)/.test(host))
      throw invalid(`invalid host "${host}": use unix:///path or tcp://address:port`);
  return {
    hosts,
    engine: one("engine") ?? "",
    dataDir: one("dataDir") ?? "",
    runDir: one("runDir") ?? "",
    listenAddr: one("listenAddr") ?? "",
    electionTimeoutMs: electionTimeout(one("electionTimeout") ?? ""),
    networkKeyPeriodMs: keyPeriod(one("networkKeyRotation") ?? ""),
    storeEndpoints: many("storeEndpoints"),
    storeCa: one("storeCa"),
    storeCert: one("storeCert"),
    storeKey: one("storeKey"),
    pidfile: one("pidfile"),
    logLevel: pick("debug", sources) === true ? "debug" : ((one("logLevel") ?? "info") as LogLevel),
    tlsCert: one("tlsCert"),
    tlsKey: one("tlsKey"),
    tlsCaCert: one("tlsCaCert"),
  };
};
