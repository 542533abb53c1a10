import type { HostListener, PortProtocol, PortRange } from "@skein/model";
import { KERNEL_VXLAN } from "@skein/model";
import { OperationError } from "@skein/base";
import type { Programs } from "./programs.ts";
import type { IpLink } from "./read-devices.ts";

/** UDP sockets on ports that the kernel hands out belong to clients that wait for an answer. */
export interface ClientPorts {
  readonly first: number;
  readonly last: number;
}

const PROTOCOLS: Readonly<Record<string, PortProtocol>> = { tcp: "tcp", udp: "udp", sctp: "sctp" };

/** `[::1]:53`, `127.0.0.53%lo:53`, `*:80` -> address and port. */
const splitLocal = (text: string): { readonly address: string; readonly port: number } => {
  const colon = text.lastIndexOf(":");
  const address = text.slice(0, colon).replace(/^\[|\]$/g, "");
  return { address: address.replace(/%.*$/, ""), port: Number(text.slice(colon + 1)) };
};

/**
 * Reads what `ss -H -l -t -u -n -p` printed: `udp UNCONN 0 0 0.0.0.0:4789 0.0.0.0:* users:(("x",pid=1,fd=3))`.
 * Lines of other kinds are left out.
 */
export const parseSockets = (text: string): readonly HostListener[] =>
  text.split("\n").flatMap((line): readonly HostListener[] => {
    const [kind = "", , , , local, , ...users] = line.trim().split(/\s+/);
    const protocol = PROTOCOLS[kind];
    if (protocol === undefined || local === undefined) return [];
    const [, program = "", pid = "0"] = /\(\("([^"]*)",pid=(\d+)/.exec(users.join(" ")) ?? [];
    return [{ protocol, ...splitLocal(local), program, pid: Number(pid) }];
  });

const isClient = ({ protocol, port }: HostListener, clients: ClientPorts): boolean =>
  protocol === "udp" && port >= clients.first && port <= clients.last;

/** The listeners on one of the ports. */
export const withinRanges = (
  listeners: readonly HostListener[],
  ranges: readonly PortRange[],
  clients: ClientPorts,
): readonly HostListener[] =>
  listeners.filter(
    (one) =>
      !isClient(one, clients) &&
      ranges.some(
        ({ protocol, first, last }) =>
          one.protocol === protocol && one.port >= first && one.port <= last,
      ),
  );

/** The sockets that the kernel has for its VXLAN devices get a name. */
export const nameVxlan = (
  listeners: readonly HostListener[],
  ports: ReadonlySet<number>,
): readonly HostListener[] =>
  listeners.map((one) =>
    one.protocol === "udp" && one.pid === 0 && ports.has(one.port)
      ? { ...one, program: KERNEL_VXLAN }
      : one,
  );

const vxlanPorts = async (programs: Programs): Promise<ReadonlySet<number>> => {
  const links = await programs.readJson("ip", [
    "-json",
    "-details",
    "link",
    "show",
    "type",
    "vxlan",
  ]);
  return new Set(
    (links as readonly IpLink[]).flatMap(({ linkinfo }) => {
      const port = Number(linkinfo?.info_data?.["port"]);
      return Number.isInteger(port) ? [port] : [];
    }),
  );
};

const clientPorts = async (programs: Programs): Promise<ClientPorts> => {
  const path = "/proc/sys/net/ipv4/ip_local_port_range";
  const { stdout } = await programs.run("cat", [path]);
  const [first, last] = stdout.trim().split(/\s+/).map(Number);
  return { first: first ?? 0, last: last ?? 0 };
};

const sockets = async (
  programs: Programs,
  more: readonly string[] = [],
): Promise<readonly HostListener[]> => {
  const args = ["-H", "-l", "-t", "-u", "-n", ...more];
  const { code, stdout, stderr } = await programs.run("ss", args);
  if (code === 0) return parseSockets(stdout);
  throw new OperationError("unavailable", `ss ${args.join(" ")}: ${stderr.trim()}`);
};

/**
 * Who listens on these ports of the namespace. Whose a socket is costs a walk over all processes, so
 * that is only asked when there is one.
 */
export const readListeners = async (
  programs: Programs,
  ranges: readonly PortRange[],
): Promise<readonly HostListener[]> => {
  const [all, clients] = await Promise.all([sockets(programs), clientPorts(programs)]);
  if (withinRanges(all, ranges, clients).length === 0) return [];
  const [owned, vxlan] = await Promise.all([sockets(programs, ["-p"]), vxlanPorts(programs)]);
  return withinRanges(nameVxlan(owned, vxlan), ranges, clients);
};

/** Everything that listens in the namespace; without the programs. */
export const readAllListeners = (programs: Programs): Promise<readonly HostListener[]> =>
  sockets(programs);
