import { holds, parseAddress, parseSubnet } from "./ip.ts";

/**
 * Whether the address lies in `range`: one IPv4 or IPv6 address, or a subnet such as
 * `10.0.0.0/24`. Undefined when `range` is neither; false when `address` is none.
 */
export const containsAddress = (range: string, address: string): boolean | undefined => {
  const one = parseAddress(range);
  const subnet = one ? { base: one, prefix: one.bits } : parseSubnet(range);
  if (!subnet) return undefined;
  const candidate = parseAddress(address);
  return candidate !== undefined && holds(subnet, candidate);
};
