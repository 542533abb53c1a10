import type { DataplaneFinding } from "@skein/agent";
import { messageOf } from "@skein/base";
import { parseFilterTable } from "./filter.ts";
import { loadModules } from "./modules.ts";
import type { Programs } from "./programs.ts";

interface Probe {
  /** What is missing when it fails. */
  readonly feature: string;
  /** Shell commands; run in a network namespace of their own, which ends with them. */
  readonly script: string;
}

const nft = (rules: string): string => `echo '${rules}' | nft -f -`;

const inChain = (rule: string, hook = "type nat hook prerouting priority -110"): string =>
  nft(`table ip t { chain c { ${hook}; ${rule}; }; }`);

const PROBES: readonly Probe[] = [
  {
    feature: "VXLAN (CONFIG_VXLAN)",
    script: "ip link add p type vxlan id 1 dstport 4789 local 127.0.0.1 nolearning",
  },
  {
    feature: "bridges (CONFIG_BRIDGE)",
    script: "ip link add p type bridge mcast_snooping 0",
  },
  {
    feature: "netfilter on bridges (CONFIG_BRIDGE_NETFILTER, module br_netfilter)",
    script:
      "ip link add p type bridge nf_call_iptables 1 && test -e /proc/sys/net/bridge/bridge-nf-call-iptables",
  },
  { feature: "nftables (CONFIG_NF_TABLES_IPV4)", script: nft("table ip t { }") },
  {
    feature: "nftables on bridges (CONFIG_NF_TABLES_BRIDGE)",
    script: nft("table bridge t { chain c { type filter hook forward priority 0; }; }"),
  },
  {
    feature: "address translation with nftables (CONFIG_NFT_NAT, CONFIG_NFT_MASQ)",
    script: inChain("masquerade", "type nat hook postrouting priority 90"),
  },
  {
    feature: "random choice with nftables (CONFIG_NFT_NUMGEN)",
    script: nft(
      "table ip t { map m { typeof ip daddr . numgen random mod 2 : ip daddr; }; chain c { type nat hook prerouting priority -110; dnat to ip daddr . numgen random mod 2 map @m; }; }",
    ),
  },
  {
    feature: "hashing with nftables (CONFIG_NFT_HASH)",
    script: nft(
      "table ip t { map m { typeof ip daddr . numgen random mod 2 : ip daddr; }; chain c { type nat hook prerouting priority -110; dnat to ip daddr . jhash ip saddr mod 2 seed 0x1 map @m; }; }",
    ),
  },
  {
    feature: "local address lookup with nftables (CONFIG_NFT_FIB_IPV4)",
    script: inChain("fib daddr type local accept"),
  },
  {
    feature: "connection tracking zones (CONFIG_NF_CONNTRACK_ZONES)",
    script: inChain("ct original zone set 7", "type filter hook prerouting priority -300"),
  },
  {
    feature: "rejecting with nftables (CONFIG_NFT_REJECT_IPV4)",
    script: inChain("reject with icmp port-unreachable", "type filter hook input priority 0"),
  },
  {
    feature: "iptables with connection tracking (CONFIG_NETFILTER_XT_MATCH_CONNTRACK)",
    script: "iptables --wait 5 -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT",
  },
  { feature: "the listing of connections (CONFIG_NF_CT_NETLINK)", script: "conntrack -L" },
];

const PROGRAMS = ["ip", "bridge", "nft", "iptables", "conntrack", "nsenter"] as const;

const missing = (message: string): DataplaneFinding => ({ severity: "missing", message });

const probe = async (
  programs: Programs,
  { feature, script }: Probe,
): Promise<readonly DataplaneFinding[]> => {
  const { code, stderr } = await programs.run("unshare", ["--net", "sh", "-c", script]);
  if (code === 0) return [];
  const said = stderr.trim().split("\n", 1)[0] ?? "";
  return [missing(`this node's kernel lacks ${feature}: ${said}`)];
};

const findPrograms = async (programs: Programs): Promise<readonly DataplaneFinding[]> => {
  const tests = PROGRAMS.map((name) => `command -v ${name} >/dev/null || echo ${name}`);
  const { stdout } = await programs.run("sh", ["-c", tests.join("; ")]);
  return stdout
    .split("\n")
    .filter((name) => name !== "")
    .map((name) => missing(`the program "${name}" is not installed`));
};

/** What a host's own firewall may keep from us; it is told, not changed. */
export const filterWarnings = (saved: string): readonly string[] => {
  const [, policy] = /^:INPUT (\S+)/m.exec(saved) ?? [];
  const chains = parseFilterTable(saved);
  const firewall = [...chains.keys()].some((chain) => chain.startsWith("ufw-"))
    ? "ufw"
    : "the host's firewall";
  return policy === "DROP" || policy === "REJECT"
    ? [
        `${firewall} drops incoming packets by default: UDP to the VXLAN port (4789) must be allowed from the other nodes, and port 53 from interfaces "sk-*"`,
      ]
    : [];
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

const findWarnings = async (programs: Programs): Promise<readonly DataplaneFinding[]> => {
  const saved = await programs.read("iptables-save", ["-t", "filter"]);
  const ruleset = await programs.read("nft", ["-t", "list", "ruleset"]);
  const counts = await programs.run("sh", [
    "-c",
    "cd /proc/sys/net/netfilter && cat nf_conntrack_count nf_conntrack_max",
  ]);
  return [
    ...filterWarnings(saved),
    ...rulesetWarnings(ruleset),
    ...connectionWarnings(counts.stdout),
  ].map((message) => ({ severity: "warning", message }));
};

/** See Dataplane.findings. Nothing is changed on the host but modules that are loaded. */
export const findDataplaneProblems = async (
  programs: Programs,
): Promise<readonly DataplaneFinding[]> => {
  const absent = await findPrograms(programs);
  if (absent.length > 0) return absent;
  await loadModules(programs);
  const found: DataplaneFinding[] = [];
  for (const one of PROBES) found.push(...(await probe(programs, one)));
  const warnings = await findWarnings(programs).catch((error: unknown) => [
    { severity: "warning", message: messageOf(error) } as const,
  ]);
  return [...found, ...warnings];
};
