import { OperationError } from "@skein/base";

/** Where a daemon listens. */
export type ListenAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

const refuse = (text: string, why: string): never => {
  throw new OperationError("invalid-parameter", `invalid host "${text}": ${why}`);
};

/** `unix:///path` or `tcp://host:port` (an IPv6 host in brackets, an empty one means all). */
export const parseListenAddress = (text: string): ListenAddress => {
  if (text.startsWith("unix://")) {
    const path = text.slice("unix://".length);
    return path.startsWith("/")
      ? { kind: "unix", path }
      : refuse(text, "the path must be absolute");
  }
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^:/]*):([0-9]+)$/.exec(text);
  if (!match) return refuse(text, "use unix:///path or tcp://host:port");
  const port = Number(match[2]);
  if (port > 65_535) return refuse(text, `${port} is not a port`);
  const host = (match[1] ?? "").replace(/^\[|\]$/g, "");
  return { kind: "tcp", host: host === "" ? "::" : host, port };
};

/** The address as people write it. */
export const formatListenAddress = (address: ListenAddress): string => {
  if (address.kind === "unix") return `unix://${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `tcp://${host}:${address.port}`;
};
