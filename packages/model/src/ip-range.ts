/** An address as a number, and how many bits it has. */
interface Address {
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

const parseAddress = (text: string): Address | undefined =>
  text.includes(":") ? parseV6(text) : parseV4(text);

/**
 * Whether the address lies in `range`: one IPv4 or IPv6 address, or a subnet such as
 * `10.0.0.0/24`. Undefined when `range` is neither; false when `address` is none.
 */
export const containsAddress = (range: string, address: string): boolean | undefined => {
  const slash = range.indexOf("/");
  const network = parseAddress(slash < 0 ? range : range.slice(0, slash));
  if (!network) return undefined;
  const suffix = slash < 0 ? String(network.bits) : range.slice(slash + 1);
  if (!/^\d{1,3}$/.test(suffix) || Number(suffix) > network.bits) return undefined;
  const candidate = parseAddress(address);
  if (candidate?.bits !== network.bits) return false;
  const shift = BigInt(network.bits - Number(suffix));
  return candidate.value >> shift === network.value >> shift;
};
