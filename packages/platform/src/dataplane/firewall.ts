import { messageOf } from "@skein/base";
import { parseFilterTable } from "./filter.ts";
import type { Programs } from "./programs.ts";

const DROPS = /-j (?:DROP|REJECT)\b/;
const ACCEPTS = /-j ACCEPT\b/;

const names = (rule: string, protocol: string, port: number): boolean =>
  new RegExp(`-p ${protocol}\\b`).test(rule) &&
  new RegExp(`--dports? (?:\\S+,)?${port}(?:,\\S+)?(?:\\s|$)`).test(rule);

/** What comes in for networks: traffic of other nodes, and questions for names. */
const entrances = (vxlanPort: number): readonly (readonly [string, number, string])[] => [
  ["udp", vxlanPort, `UDP to the VXLAN port (${vxlanPort}) from the other nodes`],
  ["udp", 53, 'UDP to port 53 from interfaces "sk-*"'],
];

/**
 * What a host's own firewall drops by default of what comes in for networks, as `iptables-save` shows
 * it. It is told, not changed.
 */
export const filterWarnings = (saved: string, vxlanPort: number): readonly string[] => {
  const [, policy] = /^:INPUT (\S+)/m.exec(saved) ?? [];
  if (policy !== "DROP" && policy !== "REJECT") return [];
  const chains = parseFilterTable(saved);
  const firewall = [...chains.keys()].some((chain) => chain.startsWith("ufw-"))
    ? "ufw"
    : "the host's firewall";
  const accepted = [...chains.values()].flat().filter((rule) => ACCEPTS.test(rule));
  const closed = entrances(vxlanPort).filter(
    ([protocol, port]) => !accepted.some((rule) => names(rule, protocol, port)),
  );
  return closed.length === 0
    ? []
    : [
        `${firewall} drops incoming packets by default: allow ${closed.map(([, , what]) => what).join(", and ")}`,
      ];
};

/** The same for what encrypted networks send, as `iptables-save` shows it. */
export const espWarnings = (saved: string): readonly string[] => {
  const [, policy] = /^:INPUT (\S+)/m.exec(saved) ?? [];
  if (policy !== "DROP" && policy !== "REJECT") return [];
  const rules = [...parseFilterTable(saved).values()].flat();
  return rules.some((rule) => ACCEPTS.test(rule) && /-p (?:esp|50)\b/.test(rule))
    ? []
    : [
        "the host's firewall drops incoming packets by default: allow ESP (IP protocol 50) from the other nodes, for encrypted networks",
      ];
};

/** Whether a rule of FORWARD takes what goes from or to a network's bridge. */
const takesNetworks = (rule: string): boolean =>
  /(?:-i|-o) sk-/.test(rule) || /^-j (?:DROP|REJECT)(?:\s|$)/.test(rule);

/** Rules that drop what networks need, whatever comes behind them; as `iptables-save` shows them. */
export const ruleWarnings = (saved: string, vxlanPort: number): readonly string[] => {
  const chains = parseFilterTable(saved);
  const input = (chains.get("INPUT") ?? []).filter(
    (rule) =>
      DROPS.test(rule) &&
      (entrances(vxlanPort).some(([protocol, port]) => names(rule, protocol, port)) ||
        / ?-i sk-/.test(rule)),
  );
  const forward = ["FORWARD", "DOCKER-USER"].flatMap((chain) => {
    const rules = chains.get(chain) ?? [];
    const ours = rules.findIndex((rule) => rule.includes("SKEIN-FORWARD"));
    const before = ours < 0 && chain === "DOCKER-USER" ? [] : rules.slice(0, Math.max(ours, 0));
    // With Docker our chain is called from its own, which FORWARD calls before all else.
    const asked = chain === "FORWARD" && ours < 0 ? beforeDocker(rules) : before;
    return asked
      .filter((rule) => DROPS.test(rule) && takesNetworks(rule))
      .map((rule) => `-A ${chain} ${rule}`);
  });
  return [...input.map((rule) => `-A INPUT ${rule}`), ...forward].map(
    (rule) => `the firewall rule "${rule}" drops what networks need: remove it, or allow it before`,
  );
};

const beforeDocker = (rules: readonly string[]): readonly string[] => {
  const at = rules.findIndex((rule) => rule.includes("-j DOCKER-USER"));
  return at < 0 ? rules : rules.slice(0, at);
};

/** nftables firewalls decide by themselves: what iptables accepts they may still drop. */
export const rulesetWarnings = (ruleset: string): readonly string[] => {
  const warnings: string[] = [];
  for (const [, family, table, body] of ruleset.matchAll(
    /^table (\S+) (\S+) \{\n([\s\S]*?)^\}/gm,
  )) {
    // The engine's own, which iptables made, are dealt with.
    if (family === "ip" && table === "filter") continue;
    if (family === "ip6" && table === "filter") continue;
    const drops = /hook (?:forward|input) priority [^;]*; policy drop;/.test(body ?? "");
    if (drops || table === "firewalld")
      warnings.push(
        `the nftables table "${family} ${table}" may drop what networks need: forwarding from and to interfaces "sk-*" and UDP to the VXLAN port must be allowed there`,
      );
  }
  return warnings;
};

/** Share of the connection table beyond which it is told. */
const CROWDED = 0.8;

/** When the kernel's table of connections is full, packets of new ones are dropped. */
export const connectionWarnings = (counts: string): readonly string[] => {
  const [count, max] = counts.trim().split(/\s+/).map(Number);
  return count !== undefined && max !== undefined && max > 0 && count > max * CROWDED
    ? [
        `the kernel follows ${count} connections of at most ${max}: raise the setting net.netfilter.nf_conntrack_max`,
      ]
    : [];
};

/** The networks that a node has. */
interface Carried {
  /** UDP ports of their VXLAN. */
  readonly ports: readonly number[];
  /** Whether some are encrypted. */
  readonly encrypted: boolean;
}

/** See Dataplane.warnings. What cannot be read is one of them. */
export const findWarnings = async (
  programs: Programs,
  { ports, encrypted }: Carried,
): Promise<readonly string[]> => {
  try {
    const [saved, ruleset, counts] = await Promise.all([
      programs.read("iptables-save", ["-t", "filter"]),
      programs.read("nft", ["-t", "list", "ruleset"]),
      programs.run("sh", [
        "-c",
        "cd /proc/sys/net/netfilter && cat nf_conntrack_count nf_conntrack_max",
      ]),
    ]);
    return [
      ...new Set(ports.flatMap((port) => filterWarnings(saved, port))),
      ...new Set(ports.flatMap((port) => ruleWarnings(saved, port))),
      ...(encrypted ? espWarnings(saved) : []),
      ...rulesetWarnings(ruleset),
      ...connectionWarnings(counts.stdout),
    ];
  } catch (error) {
    return [messageOf(error)];
  }
};
