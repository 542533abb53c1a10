/** Where a daemon listens. */
export type Address =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** Docker's ports for the API: plain, and with TLS. */
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

const tcp = (text: string, tls: boolean): Address => {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:/\s]*))(?::(\d+))?\/?$/.exec(text);
  if (!match) throw new Error(`invalid host "tcp://${text}": use tcp://address:port`);
  const port = match[3] === undefined ? (tls ? TLS_PORT : PLAIN_PORT) : Number(match[3]);
  if (port < 1 || port > 65_535) throw new Error(`invalid port in "tcp://${text}"`);
  return { kind: "tcp", host: match[1] ?? (match[2] || "localhost"), port };
};

/**
 * Parses `unix:///path`, `tcp://address[:port]`, `http://` or `https://`; a bare absolute path is a
 * Unix socket. Throws with a text that names what is wrong.
 */
export const parseAddress = (host: string, tls = false): Address => {
  if (host.startsWith("/")) return { kind: "unix", path: host };
  const separator = host.indexOf("://");
  const scheme = separator < 0 ? "tcp" : host.slice(0, separator);
  const rest = separator < 0 ? host : host.slice(separator + 3);
  if (scheme === "unix") {
    if (rest === "") throw new Error(`invalid host "${host}": the socket's path is missing`);
    return { kind: "unix", path: rest };
  }
  if (scheme === "tcp" || scheme === "http" || scheme === "https") return tcp(rest, tls);
  throw new Error(`invalid host "${host}": use unix:///path or tcp://address:port`);
};
