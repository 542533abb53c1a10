/** An address as a number, and how many bits it has. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

const parseV4 = (text: string): Address | undefined => {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return { bits: 32, value };
};

const parseGroups = (text: string): readonly bigint[] | undefined => {
  if (text === "") return [];
  const groups: bigint[] = [];
  for (const group of text.split(":")) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    groups.push(BigInt(`0x${group}`));
  }
  return groups;
};

const parseV6 = (text: string): Address | undefined => {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "");
  const tail = parseGroups(halves[1] ?? "");
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const zeros = Array.from({ length: missing }, () => 0n);
  const value = [...head, ...zeros, ...tail].reduce((sum, group) => sum * 65536n + group, 0n);
  return { bits: 128, value };
};

/** Reads an IPv4 or IPv6 address; undefined when it is neither. */
export const parseAddress = (text: string): Address | undefined =>
  text.includes(":") ? parseV6(text) : parseV4(text);

/** The address as text, IPv6 in its shortest form (RFC 5952). */
export const formatAddress = ({ bits, value }: Address): string => {
  if (bits === 32)
    return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const text = groups.join(":");
  const [longest] = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)]
    .map(([run]) => run)
    .toSorted((a, b) => b.length - a.length);
  if (longest === undefined) return text;
  const short = text.replace(longest, "::").replace(/:{3,}/, "::");
  return short;
};

/** A subnet: its first address, and how many bits are common to all of it. */
export interface Subnet {
  readonly base: Address;
  readonly prefix: number;
}

/** Reads `10.0.0.0/24`; bits behind the prefix are dropped. Undefined when it is no subnet. */
export const parseSubnet = (text: string): Subnet | undefined => {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const suffix = text.slice(slash + 1);
  if (!address || !/^\d{1,3}$/.test(suffix) || Number(suffix) > address.bits) return undefined;
  const prefix = Number(suffix);
  const shift = BigInt(address.bits - prefix);
  return { base: { bits: address.bits, value: (address.value >> shift) << shift }, prefix };
};

/** The subnet as text. */
export const formatSubnet = ({ base, prefix }: Subnet): string =>
  `${formatAddress(base)}/${prefix}`;

/** How many addresses the subnet has, those of the network and of the broadcast included. */
export const sizeOf = ({ base, prefix }: Subnet): bigint => 1n << BigInt(base.bits - prefix);

/** Whether two subnets share an address. */
export const overlaps = (a: Subnet, b: Subnet): boolean => {
  if (a.base.bits !== b.base.bits) return false;
  const shift = BigInt(a.base.bits - Math.min(a.prefix, b.prefix));
  return a.base.value >> shift === b.base.value >> shift;
};

/** Whether the subnet holds the address. */
export const holds = ({ base, prefix }: Subnet, address: Address): boolean => {
  const shift = BigInt(base.bits - prefix);
  return address.bits === base.bits && address.value >> shift === base.value >> shift;
};
