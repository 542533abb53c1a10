import { OperationError } from "@skein/base";

/** An IPv4 network in its canonical form: `base` is the network address as an unsigned integer. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

const sizeOf = (prefix: number): number => 2 ** (32 - prefix);

const toNumber = (address: string): number | undefined => {
  const parts = address.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
};

const toText = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

/** Reads `a.b.c.d/n`; host bits are cleared. Throws `invalid-parameter` on anything else. */
export const parseSubnet = (text: string): Subnet => {
  const [address = "", length = "", ...rest] = text.split("/");
  const value = toNumber(address);
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : Number.NaN;
  if (value === undefined || rest.length > 0 || !(prefix >= 0 && prefix <= 32))
    throw new OperationError(
      "invalid-parameter",
      `"${text}" is not an IPv4 subnet, give one such as 10.210.0.0/24`,
    );
  return { base: value - (value % sizeOf(prefix)), prefix };
};

/** The subnet as `a.b.c.d/n`. */
export const formatSubnet = (subnet: Subnet): string => `${toText(subnet.base)}/${subnet.prefix}`;

/** The `index`-th address of the subnet; negative counts from its end, where -1 is broadcast. */
export const addressAt = (subnet: Subnet, index: number): string =>
  toText(subnet.base + (index < 0 ? sizeOf(subnet.prefix) + index : index));

/** How many hosts fit beside the network, broadcast and gateway addresses. */
export const hostCapacity = (subnet: Subnet): number => Math.max(0, sizeOf(subnet.prefix) - 3);

/** True when the two have an address in common. */
export const overlaps = (one: Subnet, other: Subnet): boolean =>
  one.base < other.base + sizeOf(other.prefix) && other.base < one.base + sizeOf(one.prefix);
