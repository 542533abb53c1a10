import type { NameRedirection } from "@skein/agent";
import { OperationError } from "@skein/base";
import { Programs } from "./programs.ts";

/** Where it is done in a container's network namespace. */
const TABLE = "skein_names";

/** Docker's own, on hosts whose name servers containers cannot reach. */
const DEFAULT_SERVERS = ["8.8.8.8", "8.8.4.4"];

const isIpv4 = (address: string): boolean => /^[\d.]+$/.test(address);

const isReachable = (address: string): boolean => isIpv4(address) && !address.startsWith("127.");

/**
 * nft commands for a container's namespace: questions to these servers go to the gateway, from the
 * address that the container has on that network, by which it is known there.
 */
export const renderRedirection = (servers: readonly string[], gateway: string): string =>
  [
    `add table ip ${TABLE}`,
    `delete table ip ${TABLE}`,
    `table ip ${TABLE} {`,
    ` set servers { type ipv4_addr; elements = { ${servers.join(", ")} }; }`,
    " chain output {",
    "  type nat hook output priority -101;",
    `  ip daddr @servers meta l4proto { tcp, udp } th dport 53 dnat to ${gateway}`,
    " }",
    " chain postrouting {",
    "  type nat hook postrouting priority 99;",
    `  ct status dnat ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 masquerade`,
    " }",
    "}",
    "",
  ].join("\n");

/** The servers that a container asks: its own, or the host's as far as it can reach them. */
export const serversAsked = (
  own: readonly string[],
  host: readonly string[],
): readonly string[] => {
  const asked = (own.length > 0 ? own : host).filter(isReachable);
  return asked.length > 0 ? [...new Set(asked)] : DEFAULT_SERVERS;
};

const run = (pid: number, script: string): ReturnType<Programs["run"]> =>
  new Programs().inNamespace(`/proc/${pid}/ns/net`).run("nft", ["-f", "-"], script);

/** Redirects by nftables in the containers' network namespaces. Needs root. */
export const newNameRedirection = (hostServers: () => readonly string[]): NameRedirection => ({
  redirect: async (pid, nameServers, gateway) => {
    const servers = serversAsked(nameServers, hostServers());
    const { code, stderr } = await run(pid, renderRedirection(servers, gateway));
    if (code !== 0) throw new OperationError("unavailable", `names of ${pid}: ${stderr.trim()}`);
  },
  clear: async (pid) => {
    // The container, or the table, may be gone.
    await run(pid, `add table ip ${TABLE}\ndelete table ip ${TABLE}\n`);
  },
});
