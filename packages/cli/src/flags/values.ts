import { isIP } from "node:net";
import type { PlacementPreference, Ulimit } from "@skein/wire";
import { cut } from "./csv.ts";

/** `K` or `K=V`, the key without blanks. */
export const checkLabel = (text: string): string => {
  const key = cut(text)[0].replace(/^[ \t]+/, "");
  if (key === "") throw new Error(`invalid label '${text}': empty name`);
  if (/[ \t]/.test(key)) throw new Error(`label '${key}' contains whitespaces`);
  return text;
};

/** `K=V`, or `K` with the value from `environment` when it is there. */
export const checkEnv =
  (environment: NodeJS.ProcessEnv) =>
  (text: string): string => {
    const [key, value] = cut(text);
    if (key === "") throw new Error(`invalid environment variable: ${text}`);
    const own = environment[key];
    return value === undefined && own !== undefined ? `${key}=${own}` : text;
  };

/** An address of a name server. */
export const checkAddress = (text: string): string => {
  if (isIP(text.trim()) === 0) throw new Error(`IP address is not correctly formatted: ${text}`);
  return text.trim();
};

const DOMAIN =
  /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*)\.?\s*$/;

/** A search domain, or `.` for none. */
export const checkDomain = (text: string): string => {
  const domain = text.replaceAll(/^ +| +$/g, "");
  if (domain === ".") return domain;
  const match = DOMAIN.exec(domain)?.[1];
  if (match === undefined || !/[a-zA-Z]/.test(domain) || match.length >= 255)
    throw new Error(`${domain} is not a valid domain`);
  return match;
};

/** `HOST:ADDRESS`. */
export const checkHost = (text: string): string => {
  const index = text.search(/[:=]/);
  if (index < 1) throw new Error(`bad format for add-host: ${JSON.stringify(text)}`);
  const host = text.slice(0, index);
  let address = text.slice(index + 1);
  if (/^\[.*\]$/.test(address)) address = address.slice(1, -1);
  if (address !== "host-gateway" && isIP(address) === 0)
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${host}:${address}`;
};

const ULIMITS: readonly string[] = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

const limit = (text: string): number => {
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
};

/** `NAME=SOFT[:HARD]`; -1 is unlimited. */
export const parseUlimit = (text: string): Ulimit => {
  const [name, value] = cut(text);
  if (value === undefined) throw new Error(`invalid ulimit argument: ${text}`);
  if (!ULIMITS.includes(name)) throw new Error(`invalid ulimit type: ${name}`);
  const [softText = "", hardText, ...more] = value.split(":");
  if (more.length > 0)
    throw new Error(
      `too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``,
    );
  const soft = limit(softText);
  const hard = hardText === undefined ? soft : limit(hardText);
  if (hard !== -1 && soft === -1)
    throw new Error(
      `ulimit soft limit must be less than or equal to hard limit: soft: ${soft} (unlimited), hard: ${hard}`,
    );
  if (hard !== -1 && soft > hard)
    throw new Error(
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  return { Name: name, Hard: hard, Soft: soft };
};

/** `spread=DESCRIPTOR`. */
export const parsePreference = (text: string): PlacementPreference => {
  const [strategy, descriptor] = cut(text);
  if (descriptor === undefined || strategy === "")
    throw new Error('placement preference must be of the format "<strategy>=<arg>"');
  if (strategy !== "spread")
    throw new Error(`unsupported placement preference ${strategy} (only spread is supported)`);
  return { Spread: { SpreadDescriptor: descriptor } };
};

/** `NAME=COUNT`, as it is; its meaning is looked at with the others. */
export const checkGenericResource = (text: string): string => {
  if (!text.includes("="))
    throw new Error(`invalid generic-resource format \`${text}\` expected \`name=value\``);
  return text;
};

/** `KEY=VALUE` of a list filter, the key in lower case; empty is no filter. */
export const parseFilter = (text: string): readonly [key: string, value: string] | undefined => {
  if (text === "") return undefined;
  const [key, value] = cut(text);
  if (value === undefined) throw new Error("bad format of filter (expected name=value)");
  return [key.trim().toLowerCase(), value.trim()];
};

/** `ADDRESS[:PORT]` or `INTERFACE[:PORT]` to listen on, filled up with `0.0.0.0:2377`. */
export const parseListenAddress = (text: string): string => {
  const plain = text.replace(/^tcp:\/\//, "");
  if (plain.includes("://")) throw new Error(`invalid proto, expected tcp: ${text}`);
  const [, host = "", port = ""] = /^(\[[^\]]*\]|[^:/]*)(?::(\d*))?$/.exec(plain) ?? [];
  if (plain !== "" && host === "" && port === "") {
    const wrong = plain.slice(plain.lastIndexOf(":"));
    throw new Error(`parse "tcp://${plain}": invalid port ${JSON.stringify(wrong)} after host`);
  }
  if (Number(port) > 65_535) throw new Error(`invalid bind address format: ${text}`);
  return `${host || "0.0.0.0"}:${port || "2377"}`;
};

/** An IPv4 or IPv6 subnet in CIDR form, its host bits cleared for IPv4. */
export const parseCidr = (text: string): string => {
  const [address = "", prefix = "", ...more] = text.trim().split("/");
  const version = isIP(address);
  const bits = Number(prefix);
  const valid = version !== 0 && /^\d+$/.test(prefix) && bits <= (version === 4 ? 32 : 128);
  if (!valid || more.length > 0) throw new Error(`invalid string being converted to CIDR: ${text}`);
  if (version === 6) return `${address}/${bits}`;
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - bits);
  const base = Math.floor(value / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".")}/${bits}`;
};
