import { isIP } from "node:net";
import type { PortConfig } from "@skein/wire";
import { cut, parseCsv } from "./csv.ts";
import { parseUnsigned } from "./numbers.ts";

type Protocol = NonNullable<PortConfig["Protocol"]>;

const PROTOCOLS: readonly string[] = ["tcp", "udp", "sctp"];

const portNumber = (kind: string, value: string): number => {
  try {
    return parseUnsigned(value, { base: 10, bits: 16 });
  } catch (error) {
    const problem = String(error).includes("out of range")
      ? "value out of range"
      : "invalid syntax";
    throw new Error(`invalid ${kind} port (${value}): value must be an integer: ${problem}`, {
      cause: error,
    });
  }
};

const longForm = (text: string): PortConfig => {
  const port: { -readonly [K in keyof PortConfig]: PortConfig[K] } = {};
  for (const field of parseCsv(text)) {
    const [key, value] = cut(field.toLowerCase());
    if (value === undefined || key === "") throw new Error(`invalid field: ${field}`);
    if (key === "protocol") {
      if (!PROTOCOLS.includes(value)) throw new Error(`invalid protocol value '${value}'`);
      port.Protocol = value as Protocol;
    } else if (key === "mode") {
      if (value !== "ingress" && value !== "host")
        throw new Error(
          `invalid publish mode value (${value}): must be either 'ingress' or 'host'`,
        );
      port.PublishMode = value;
    } else if (key === "target") port.TargetPort = portNumber("target", value);
    else if (key === "published") port.PublishedPort = portNumber("published", value);
    else throw new Error(`invalid field key: ${key}`);
  }
  if (!port.TargetPort) throw new Error("missing mandatory field 'target'");
  return { Protocol: "tcp", PublishMode: "ingress", ...port };
};

interface Range {
  readonly from: number;
  readonly to: number;
}

const parseRange = (text: string): Range | undefined => {
  const [first = "", last = first, ...more] = text.split("-");
  if (!/^\d+$/.test(first) || !/^\d+$/.test(last) || more.length > 0) return undefined;
  const range = { from: Number(first), to: Number(last) };
  return range.from <= range.to && range.to <= 65_535 ? range : undefined;
};

const splitAddress = (text: string): { ip: string; host: string; container: string } => {
  const bracket = /^\[([^\]]*)\]:(.*)$/.exec(text);
  const parts = (bracket?.[2] ?? text).split(":");
  const container = parts.pop() ?? "";
  const host = parts.pop() ?? "";
  return { ip: bracket?.[1] ?? parts.join(":"), host, container };
};

const shortForm = (text: string): readonly PortConfig[] => {
  const { ip, host, container: target } = splitAddress(text);
  const [container = "", protocolText = "tcp", ...more] = target.split("/");
  const protocol = (protocolText || "tcp").toLowerCase();
  if (container === "") throw new Error(`no port specified: ${text}<empty>`);
  if (ip !== "" && isIP(ip) === 0) throw new Error(`invalid IP address: ${ip}`);
  const targets = parseRange(container);
  if (!targets) throw new Error(`invalid containerPort: ${container}`);
  const published = host === "" ? undefined : parseRange(host);
  if (host !== "" && !published) throw new Error(`invalid hostPort: ${host}`);
  if (!PROTOCOLS.includes(protocol) || more.length > 0)
    throw new Error(`invalid proto: ${[protocolText, ...more].join("/")}`);
  if (published && targets.to - targets.from !== published.to - published.from) {
    // One target may be reached through any of several published ports.
    if (targets.from !== targets.to)
      throw new Error(
        `invalid ranges specified for container and host Ports: ${container} and ${host}`,
      );
  }
  if (ip !== "") throw new Error("hostip is not supported");
  const spread = published && targets.from === targets.to ? published.to - published.from : 0;
  const count = Math.max(targets.to - targets.from, spread) + 1;
  return Array.from({ length: count }, (_, index) => ({
    Protocol: protocol as Protocol,
    TargetPort: targets.from === targets.to ? targets.from : targets.from + index,
    ...(published ? { PublishedPort: published.from + index } : {}),
    PublishMode: "ingress",
  }));
};

/**
 * A published port: `[PUBLISHED:]TARGET[/PROTOCOL]`, with ranges such as `8000-8002:80-82`, or
 * `published=,target=,protocol=,mode=`.
 */
export const parsePorts = (text: string): readonly PortConfig[] =>
  /\w+=\w+(,\w+=\w+)*/.test(text) ? [longForm(text)] : shortForm(text);
