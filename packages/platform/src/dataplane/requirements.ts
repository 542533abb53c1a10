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

const PROGRAMS = ["ip", "bridge", "nft", "iptables", "conntrack", "nsenter", "ss"] as const;

const probe = async (
  programs: Programs,
  { feature, script }: Probe,
): Promise<readonly string[]> => {
  const { code, stderr } = await programs.run("unshare", ["--net", "sh", "-c", script]);
  if (code === 0) return [];
  const said = stderr.trim().split("\n", 1)[0] ?? "";
  return [`this node's kernel lacks ${feature}: ${said}`];
};

const findPrograms = async (programs: Programs): Promise<readonly string[]> => {
  const tests = PROGRAMS.map((name) => `command -v ${name} >/dev/null || echo ${name}`);
  const { stdout } = await programs.run("sh", ["-c", tests.join("; ")]);
  return stdout
    .split("\n")
    .filter((name) => name !== "")
    .map((name) => `the program "${name}" is not installed`);
};

/** See Dataplane.requirements. Nothing is changed on the host but modules that are loaded. */
export const findMissing = async (programs: Programs): Promise<readonly string[]> => {
  const absent = await findPrograms(programs);
  if (absent.length > 0) return absent;
  await loadModules(programs);
  const found: string[] = [];
  for (const one of PROBES) found.push(...(await probe(programs, one)));
  return found;
};
