import { isIPv4 } from "node:net";

/*
 * etcd's members know each other by URLs. Go's HTTP client uses no proxy for loopback addresses,
 * and everything must pass ours: so those are written as addresses of a range that exists nowhere
 * (RFC 4193), and read back before anybody is dialled.
 */
const MARKER = [0xfd53, 0x6b65, 0x696e, 0, 0];
/** The group after the marker: an IPv4 address follows, or it stands for ::1. */
const IPV4 = 0;
const IPV6 = 1;

const hex = (groups: readonly number[]): string =>
  `[${groups.map((group) => group.toString(16)).join(":")}]`;

const hostForUrl = (host: string): string => {
  if (host === "[::1]") return hex([...MARKER, IPV6, 0, 1]);
  if (!isIPv4(host) || !host.startsWith("127.")) return host;
  const [a = 0, b = 0, c = 0, d = 0] = host.split(".").map(Number);
  return hex([...MARKER, IPV4, a * 256 + b, c * 256 + d]);
};

/** The URL under which etcd knows the member that is reached at `host:port`. */
export const peerUrlOf = (address: string): string => {
  const colon = address.lastIndexOf(":");
  return `http://${hostForUrl(address.slice(0, colon))}${address.slice(colon)}`;
};

const parseGroups = (text: string): readonly number[] =>
  text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));

/** The eight groups of an IPv6 address in brackets. */
const groupsOf = (host: string): readonly number[] => {
  const [head = "", tail = ""] = host.slice(1, -1).split("::");
  const [before, after] = [parseGroups(head), parseGroups(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
};

const hostFromUrl = (host: string): string => {
  if (!host.startsWith("[")) return host;
  const groups = groupsOf(host);
  if (!MARKER.every((group, at) => groups[at] === group)) return host;
  const [kind, high = 0, low = 0] = groups.slice(MARKER.length);
  return kind === IPV6 ? "[::1]" : [high >> 8, high & 255, low >> 8, low & 255].join(".");
};

/** `host:port` of a member's URL, or of the target that etcd asks the proxy for. */
export const addressOfPeer = (urlOrTarget: string): string => {
  const target = urlOrTarget.replace(/^http:\/\//u, "");
  const colon = target.lastIndexOf(":");
  return `${hostFromUrl(target.slice(0, colon))}${target.slice(colon)}`;
};
