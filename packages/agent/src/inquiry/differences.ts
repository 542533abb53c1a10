import type { NetworkDifference } from "@skein/model";
import { canonical, macOf } from "../network/addresses.ts";
import { bridgeName, vxlanName } from "../network/names.ts";

/** Kinds that all networks share. */
const OF_THE_HOST: ReadonlySet<string> = new Set(["sysctls", "filters"]);
/** Kinds whose entries are of a device, whatever they lead to. */
const OF_DEVICES: ReadonlySet<string> = new Set(["bridges", "vxlans", "ports", "addresses"]);

const words = (text: string): ReadonlySet<string> => new Set(text.split(/[\s"{}]+/));

/**
 * The differences that matter for some addresses of one network: its devices, the entries that lead to
 * the addresses, and what all networks share. `ports` are the ends of containers on it.
 */
export const differencesOf = (
  differences: readonly NetworkDifference[],
  networkId: string,
  about: { readonly addresses: readonly string[]; readonly ports: readonly string[] },
): readonly NetworkDifference[] => {
  const devices = [bridgeName(networkId), vxlanName(networkId), ...about.ports];
  const entries = about.addresses.flatMap((address) => [canonical(address), macOf(address)]);
  return differences.filter(({ kind, what }) => {
    if (OF_THE_HOST.has(kind)) return true;
    const named = words(what);
    if (OF_DEVICES.has(kind)) return devices.some((device) => named.has(device));
    // A chain or a whole table is everybody's, an element is of who is in it.
    if (kind === "tables" && !named.has("element")) return true;
    return entries.some((entry) => named.has(entry));
  });
};
