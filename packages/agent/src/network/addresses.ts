import type { Subnet } from "@skein/model";
import { formatAddress, formatSubnet, parseAddress, parseSubnet } from "@skein/model";

/** Address families, by the names that nftables has for them. */
export type Family = "ip" | "ip6";

export const FAMILIES: readonly Family[] = ["ip", "ip6"];

export const familyOf = (address: string): Family => (address.includes(":") ? "ip6" : "ip");

/** The address as the kernel's tools print it; what is no address is left as it is. */
export const canonical = (address: string): string => {
  // IPv4 has one form only, and is what most of the thousands are.
  if (!address.includes(":")) return address;
  const parsed = parseAddress(address);
  return parsed ? formatAddress(parsed) : address;
};

/** The subnet as the kernel's tools print it; what is no subnet is left as it is. */
export const canonicalSubnet = (subnet: string): string => {
  const parsed = parseSubnet(subnet);
  return parsed ? formatSubnet(parsed) : subnet;
};

const hexByte = (value: number): string => value.toString(16).padStart(2, "0");

/**
 * The hardware address that goes with an address in every network: `02:42:` and the IPv4 address, as
 * Docker's own. All nodes can derive it, so that none has to ask. For IPv6 its last four bytes.
 */
export const macOf = (address: string): string => {
  if (familyOf(address) === "ip")
    return ["02", "42", ...address.split(".").map((part) => hexByte(Number(part)))].join(":");
  const low = Number((parseAddress(address)?.value ?? 0n) & 0xffff_ffffn);
  const bytes = [24, 16, 8, 0].map((shift) => hexByte((low >>> shift) & 0xff));
  return ["02", "42", ...bytes].join(":");
};

/** Length of the prefix of a subnet such as `10.0.5.0/24`. */
export const prefixOf = (subnet: string): number => Number(subnet.split("/")[1]);

/** The part of an address that its subnet does not fix, as a number of at most 16 bits. */
export const hostPart = (address: string, subnet: string): number => {
  const parsed: Subnet | undefined = parseSubnet(subnet);
  const value = parseAddress(address)?.value ?? 0n;
  return Number((value - (parsed?.base.value ?? 0n)) & 0xffffn);
};

/** An IPv6 address as nft prints 128 bits for which it has no type. */
export const rawAddress = (address: string): string =>
  `0x${(parseAddress(address)?.value ?? 0n).toString(16)}`;
