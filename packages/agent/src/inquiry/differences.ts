import type { NetworkDifference } from "@skein/model";
import { bridgeName, vxlanName } from "../network/names.ts";

const OF_THE_HOST: ReadonlySet<string> = new Set(["sysctls", "filters"]);

const words = (text: string): ReadonlySet<string> => new Set(text.split(/[\s"{}]+/));

const concerns = (
  { kind, what }: NetworkDifference,
  devices: readonly string[],
  addresses: readonly string[],
): boolean => {
  if (OF_THE_HOST.has(kind)) return true;
  const named = words(what);
  const isNamed = [...devices, ...addresses].some((one) => named.has(one));
  // A chain or a whole table is everybody's, an element is of who is in it.
  return kind === "tables" ? isNamed || !named.has("element") : isNamed;
};

/**
 * The differences that matter for one network: its devices and what lies on them, the given addresses
 * in the tables, and what all networks share. `ports` are the ends of containers on it.
 */
export const differencesOf = (
  differences: readonly NetworkDifference[],
  networkId: string,
  about: { readonly addresses: readonly string[]; readonly ports: readonly string[] },
): readonly NetworkDifference[] => {
  const devices = [bridgeName(networkId), vxlanName(networkId), ...about.ports];
  return differences.filter((difference) => concerns(difference, devices, about.addresses));
};
