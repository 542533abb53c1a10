import type { KernelChanges } from "@skein/agent";
import type { Programs } from "./programs.ts";

type Cut = KernelChanges["cut"];

/** Protocol and the address that answers, of one line of `conntrack -L`. */
const parseConnection = (
  line: string,
): { readonly protocol: string; readonly answering: string } | undefined => {
  const [protocol = ""] = line.split(" ", 1);
  const [, answering] = [...line.matchAll(/\bsrc=(\S+)/g)].map(([, address]) => address);
  return answering === undefined ? undefined : { protocol, answering };
};

/**
 * Which of the addresses have connections that must be cut, among those that `conntrack -L` printed. There
 * are few of them, while thousands of addresses may have gone.
 */
export const connectionsToCut = (
  listing: string,
  { gone, idle }: Cut,
): { readonly all: ReadonlySet<string>; readonly udp: ReadonlySet<string> } => {
  const lost = new Set(gone);
  const unused = new Set(idle);
  const all = new Set<string>();
  const udp = new Set<string>();
  for (const line of listing.split("\n")) {
    const connection = parseConnection(line);
    if (!connection) continue;
    const { protocol, answering } = connection;
    if (lost.has(answering)) all.add(answering);
    else if (protocol === "udp" && unused.has(answering)) udp.add(answering);
  }
  return { all, udp };
};

/** A listing may miss what is there while others change the table, which all namespaces share. */
const ROUNDS_MAX = 3;

const cutListed = async (
  programs: Programs,
  family: "ipv4" | "ipv6",
  cut: Cut,
): Promise<{ readonly found: number; readonly errors: readonly string[] }> => {
  const only = cut.gone.length === 0 ? ["-p", "udp"] : [];
  const { code, stdout, stderr } = await programs.run("conntrack", ["-L", "-f", family, ...only]);
  if (code !== 0) return { found: 0, errors: [`conntrack -L: ${stderr.trim()}`] };
  const { all, udp } = connectionsToCut(stdout, cut);
  const errors: string[] = [];
  const remove = async (address: string, ...more: readonly string[]): Promise<void> => {
    const args = ["-D", "-f", family, ...more, "--reply-src", address];
    const result = await programs.run("conntrack", args);
    // 1 and no complaint: they have ended by themselves.
    if (result.code !== 0 && !result.stderr.includes("0 flow entries"))
      errors.push(`conntrack -D: ${result.stderr.trim()}`);
  };
  for (const address of all) await remove(address);
  for (const address of udp) await remove(address, "-p", "udp");
  return { found: all.size + udp.size, errors };
};

/** Until none is listed: one that stays would lead nowhere for as long as its client tries. */
const cutFamily = async (
  programs: Programs,
  family: "ipv4" | "ipv6",
  cut: Cut,
): Promise<readonly string[]> => {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { found, errors } = await cutListed(programs, family, cut);
    if (found === 0 || errors.length > 0) return errors;
  }
  return [];
};

/**
 * Ends connections to tasks that are gone, and UDP conversations with tasks that get no new ones: their
 * next packet is led to another task. Returns what went wrong.
 */
export const cutConnections = async (programs: Programs, cut: Cut): Promise<readonly string[]> => {
  const of = (ip6: boolean): Cut => ({
    gone: cut.gone.filter((address) => address.includes(":") === ip6),
    idle: cut.idle.filter((address) => address.includes(":") === ip6),
  });
  const errors: string[] = [];
  for (const [family, part] of [
    ["ipv4", of(false)],
    ["ipv6", of(true)],
  ] as const)
    if (part.gone.length + part.idle.length > 0)
      errors.push(...(await cutFamily(programs, family, part)));
  return errors;
};
