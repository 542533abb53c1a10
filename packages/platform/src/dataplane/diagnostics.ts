import { readFile } from "node:fs/promises";
import type { Diagnostics, InsideFacts } from "@skein/agent";
import { BRIDGE_PREFIX, VXLAN_PREFIX } from "@skein/agent";
import { matchInterfaces } from "./attach.ts";
import { Programs } from "./programs.ts";
import type { IpLink } from "./read-devices.ts";
import { readAllListeners, readListeners } from "./listeners.ts";
import { runProbe } from "./probe.ts";

const localsOf = ({ addr_info: infos }: IpLink): readonly string[] =>
  (infos ?? []).flatMap(({ local }) => local ?? []);

const isOurs = ({ ifname = "" }: IpLink): boolean =>
  ifname.startsWith(BRIDGE_PREFIX) || ifname.startsWith(VXLAN_PREFIX);

const links = async (programs: Programs): Promise<readonly IpLink[]> =>
  (await programs.readJson("ip", ["-json", "-details", "address", "show"])) as readonly IpLink[];

/** The name servers that a process in a container asks. */
export const nameServersIn = (text: string): readonly string[] =>
  text.split("\n").flatMap((line) => {
    const [keyword, address] = line.trim().split(/\s+/);
    return keyword === "nameserver" && address !== undefined ? [address] : [];
  });

const look = async (host: Programs, within: Programs): Promise<InsideFacts> => {
  const [inside, outside, listeners] = await Promise.all([
    links(within),
    links(host),
    readAllListeners(within),
  ]);
  const byName = new Map(inside.map((link) => [link.ifname, localsOf(link)]));
  return {
    addresses: inside.flatMap(localsOf),
    interfaces: matchInterfaces(inside, outside).map((one) => ({
      ...one,
      addresses: byName.get(one.name) ?? [],
    })),
    listeners,
  };
};

/** What can be found out on Linux with iproute2, nsenter and this program's own runtime. Needs root. */
export const newDiagnostics = (enter: readonly string[] = []): Diagnostics => {
  const host = new Programs(enter);
  const within = (pid: number): Programs => host.inNamespace(`/proc/${pid}/ns/net`);
  return {
    listeners: (ranges) => readListeners(host, ranges),
    addresses: async () => (await links(host)).filter((link) => !isOurs(link)).flatMap(localsOf),
    inside: (pid) => look(host, within(pid)),
    probe: async (pid, request) => {
      if (pid === 0) return runProbe(host, request, []);
      // A container without the file has no name servers, and then names lead nowhere.
      const text = await readFile(`/proc/${pid}/root/etc/resolv.conf`, "utf8").catch(() => "");
      return runProbe(within(pid), request, nameServersIn(text));
    },
  };
};
