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

const cutFamily = async (
  programs: Programs,
  family: "ipv4" | "ipv6",
  cut: Cut,
): Promise<readonly string[]> => {
  const { code, stdout, stderr } = await programs.run("conntrack", ["-L", "-f", family]);
  if (code !== 0) return [`conntrack -L: ${stderr.trim()}`];
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
  return errors;
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
