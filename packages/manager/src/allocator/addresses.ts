import type { Address, Network, NetworkSubnet, Subnet } from "@skein/model";
import { formatAddress, parseSubnet, sizeOf } from "@skein/model";
import type { View } from "@skein/store";

/** An IPv4 subnet's first and last address name the network and everybody in it. */
const isReserved = ({ base, prefix }: Subnet, value: bigint): boolean =>
  value === base.value ||
  (base.bits === 32 && prefix < 31 && value === base.value + sizeOf({ base, prefix }) - 1n);

/**
 * Hands out addresses one after the other, so that a freed one rests before it is used again. What is
 * free is read from the state, whose index of holders changes with each transaction and is taken
 * back with it: nothing can be given twice, and nothing leaks. Only the place where the last search
 * ended is remembered here, which a new leader can do without.
 */
export class AddressAllocator {
  readonly #next = new Map<string, bigint>();

  /**
   * One free address per subnet of the network. Undefined when a subnet has none left. They are free
   * until whoever asked records them.
   */
  take(view: View, network: Network): readonly string[] | undefined {
    const addresses: string[] = [];
    for (const subnet of network.subnets) {
      const address = this.#takeFrom(view, network.id, subnet);
      if (address === undefined) return undefined;
      addresses.push(address);
    }
    return addresses;
  }

  #takeFrom(view: View, networkId: string, { subnet, range }: NetworkSubnet): string | undefined {
    const whole = parseSubnet(subnet);
    const part = parseSubnet(range ?? subnet);
    if (!whole || !part) return undefined;
    const key = `${networkId}/${range ?? subnet}`;
    const size = sizeOf(part);
    const start = this.#next.get(key) ?? 1n;
    for (let step = 0n; step < size; step += 1n) {
      const offset = (start + step) % size;
      const address: Address = { bits: part.base.bits, value: part.base.value + offset };
      const text = formatAddress(address);
      if (isReserved(whole, address.value) || view.addressHolder(networkId, text)) continue;
      this.#next.set(key, (offset + 1n) % size);
      return text;
    }
    return undefined;
  }
}
