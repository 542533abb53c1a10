import { BRIDGE_PREFIX } from "./names.ts";

/** Our chain in the engine's filter table. */
export const FORWARD_CHAIN = "SKEIN-FORWARD";

/**
 * Rules for hosts whose FORWARD chain drops by default (Docker sets that): an nftables table of our own
 * cannot overrule it, since every base chain must accept. In the form of `iptables-save`.
 */
export const forwardRules = (bridges: readonly string[]): readonly string[] => [
  `-o ${BRIDGE_PREFIX}+ -m conntrack --ctstate DNAT -j ACCEPT`,
  `-i ${BRIDGE_PREFIX}+ -m conntrack --ctstate DNAT -j ACCEPT`,
  ...bridges.toSorted().map((bridge) => `-i ${bridge} -o ${bridge} -j ACCEPT`),
];
