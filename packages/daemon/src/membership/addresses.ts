import { isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";
import { OperationError } from "@skein/base";

/** The port for traffic between nodes (behaviour.md, section 25). */
export const CLUSTER_PORT = 2377;

/** Interfaces of this host by name, as `os.networkInterfaces()` gives them. */
export type Interfaces = Readonly<Partial<Record<string, NetworkInterfaceInfo[]>>>;

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const invalid = (text: string): OperationError => new OperationError("invalid-parameter", text);

const LISTEN =
  "listen address must be an IP address or network interface (with optional port number)";
const ADVERTISE =
  "advertise address must be a non-zero IP address or network interface (with optional port number)";
const DATA_PATH =
  "data path address must be a non-zero IP address or network interface (without a port number)";

const isZero = (address: string): boolean => address === "0.0.0.0" || address === "::";

/** `host:port`, with brackets around an IPv6 address. */
export const formatHostPort = ({ host, port }: HostPort): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * Splits `HOST[:PORT]`; HOST may be an IPv4 address, an IPv6 address (in brackets if a port
 * follows) or a name. Undefined when the text is none of these.
 */
export const splitHostPort = (text: string, defaultPort: number): HostPort | undefined => {
  if (isIP(text) !== 0) return { host: text, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) return undefined;
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return port >= 0 && port <= 65535 ? { host, port } : undefined;
};

const addressesOf = (interfaces: Interfaces, name: string): readonly string[] =>
  (interfaces[name] ?? [])
    .filter(({ family, address }) => family === "IPv4" || !address.startsWith("fe80"))
    .map(({ address }) => address);

/** The one address of an interface, IPv4 first. */
const interfaceAddress = (interfaces: Interfaces, name: string): string => {
  const addresses = addressesOf(interfaces, name);
  const [v4] = addresses.filter((address) => isIP(address) === 4);
  const [first] = addresses;
  const chosen = v4 ?? first;
  if (chosen === undefined) throw invalid(`interface ${name} has no usable IPv4 or IPv6 address`);
  return chosen;
};

const resolve = (text: string, interfaces: Interfaces, refusal: string): HostPort => {
  const parts = splitHostPort(text, CLUSTER_PORT);
  if (!parts) throw invalid(refusal);
  if (isIP(parts.host) !== 0) return parts;
  if (!(parts.host in interfaces)) throw invalid(refusal);
  return { host: interfaceAddress(interfaces, parts.host), port: parts.port };
};

/** Where to bind. Throws (invalid-parameter) with Docker's texts. */
export const resolveListenAddr = (text: string, interfaces: Interfaces): HostPort => {
  if (text === "") throw invalid(`invalid ListenAddr "": invalid empty address`);
  return resolve(text, interfaces, LISTEN);
};

/** Addresses by which other hosts may reach this one: not loopback, not of a container bridge. */
const candidates = (
  interfaces: Interfaces,
): readonly { readonly name: string; readonly address: string }[] =>
  Object.entries(interfaces).flatMap(([name, list]) =>
    (list ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4")
      .filter(() => !/^(docker|podman|cni-|br-|veth|sk-)/.test(name))
      .map(({ address }) => ({ name, address })),
  );

/** What other nodes dial. An empty text means: the listen address if it is one, else the only candidate. */
export const resolveAdvertiseAddr = (
  text: string,
  listen: HostPort,
  interfaces: Interfaces,
): HostPort => {
  if (text !== "") {
    const advertised = resolve(text, interfaces, ADVERTISE);
    if (isZero(advertised.host)) throw invalid(ADVERTISE);
    return /:\d+$/.test(text) || isIP(text) === 6
      ? advertised
      : { ...advertised, port: listen.port };
  }
  if (!isZero(listen.host)) return listen;
  const found = candidates(interfaces);
  const [only, second] = found;
  if (!only)
    throw invalid("could not find the system's IP address - specify one with --advertise-addr");
  if (second)
    throw invalid(
      "could not choose an IP address to advertise since this system has multiple addresses " +
        (only.name === second.name
          ? `on interface ${only.name} (${only.address} and ${second.address})`
          : `on different interfaces (${only.address} on ${only.name} and ${second.address} on ${second.name})`) +
        " - specify one with --advertise-addr",
    );
  return { host: only.address, port: listen.port };
};

/** The address for traffic between containers; empty means the advertised one. */
export const resolveDataPathAddr = (
  text: string,
  advertise: HostPort,
  interfaces: Interfaces,
): string => {
  if (text === "") return advertise.host;
  if (isIP(text) !== 0 && !isZero(text)) return text;
  if (!(text in interfaces)) throw invalid(DATA_PATH);
  return interfaceAddress(interfaces, text);
};

/** The addresses of a node, as they are kept. */
export interface NodeAddresses {
  readonly listenAddr: string;
  readonly advertiseAddr: string;
  readonly dataPathAddr: string;
}

/** What `swarm init` and `join` say of this node's addresses, made whole. Rejects as its parts do. */
export const resolveAddresses = (
  request: {
    readonly ListenAddr: string;
    readonly AdvertiseAddr: string;
    readonly DataPathAddr: string;
  },
  interfaces: Interfaces,
): NodeAddresses => {
  const listen = resolveListenAddr(request.ListenAddr, interfaces);
  const advertise = resolveAdvertiseAddr(request.AdvertiseAddr, listen, interfaces);
  const dataPathAddr = resolveDataPathAddr(request.DataPathAddr, advertise, interfaces);
  return {
    listenAddr: formatHostPort(listen),
    advertiseAddr: formatHostPort(advertise),
    dataPathAddr,
  };
};
