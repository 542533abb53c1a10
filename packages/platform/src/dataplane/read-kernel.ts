import type {
  DeviceAddress,
  Family,
  FloodEntry,
  ForwardFilter,
  ForwardingEntry,
  KernelState,
  Neighbour,
  NftTable,
  TableFamily,
} from "@skein/agent";
import { BRIDGE_PREFIX, keyOf, TABLE, VXLAN_PREFIX } from "@skein/agent";
import { OperationError } from "@skein/base";
import { readFilter } from "./filter.ts";
import type { Programs } from "./programs.ts";
import { readEncryption } from "./read-encryption.ts";
import { parseDevices } from "./read-devices.ts";
import type { IpLink } from "./read-devices.ts";
import { parseTable } from "./read-tables.ts";
import { FLOOD_MAC, ROUTE_PROTOCOL } from "./render-devices.ts";

interface FdbJson {
  readonly mac?: string;
  readonly ifname?: string;
  readonly dst?: string;
  readonly master?: string;
  readonly state?: string;
}

interface NeighbourJson {
  readonly dst?: string;
  readonly dev?: string;
  readonly lladdr?: string;
}

interface RouteJson {
  readonly dst?: string;
  readonly dev?: string;
}

type Forwarding = Pick<KernelState, "flood" | "forwarding">;

/** Sorts out what `bridge -json fdb show` printed. What was learned is none of ours. */
export const parseForwarding = (entries: readonly FdbJson[]): Forwarding => {
  const flood = new Map<string, FloodEntry>();
  const forwarding = new Map<string, ForwardingEntry>();
  for (const { mac, ifname: device, dst, master, state } of entries) {
    if (mac === undefined || device?.startsWith(VXLAN_PREFIX) !== true) continue;
    if (mac === FLOOD_MAC && dst !== undefined) {
      const entry: FloodEntry = { device, destination: dst };
      flood.set(keyOf.flood(entry), entry);
      continue;
    }
    const isBridged = master !== undefined && state === "static";
    if (dst === undefined && !isBridged) continue;
    const key = keyOf.forwarding({ device, mac, destination: dst, bridged: isBridged });
    const known = forwarding.get(key);
    forwarding.set(key, {
      device,
      mac,
      destination: dst ?? known?.destination,
      bridged: isBridged || known?.bridged === true,
    });
  }
  return { flood, forwarding };
};

/** Sorts out what `ip -json neighbour show nud permanent` printed. */
export const parseNeighbours = (entries: readonly NeighbourJson[]): KernelState["neighbours"] => {
  const neighbours = new Map<string, Neighbour>();
  for (const { dst, dev, lladdr } of entries) {
    if (dst === undefined || lladdr === undefined) continue;
    if (dev?.startsWith(BRIDGE_PREFIX) !== true) continue;
    const entry: Neighbour = { device: dev, address: dst, mac: lladdr };
    neighbours.set(keyOf.neighbour(entry), entry);
  }
  return neighbours;
};

/**
 * The VIPs among our local routes, as `ip -json route` and `ip -json neighbour show proxy` printed them. One of
 * IPv6 without a proxy is none.
 */
export const parseVips = (
  routes: readonly RouteJson[],
  proxies: readonly NeighbourJson[],
): KernelState["vips"] => {
  const answered = new Set(
    proxies.map(({ dst = "", dev = "" }) => keyOf.address({ device: dev, address: dst })),
  );
  const vips = new Map<string, DeviceAddress>();
  for (const { dst, dev } of routes) {
    if (dst === undefined || dev?.startsWith(BRIDGE_PREFIX) !== true) continue;
    const entry: DeviceAddress = { device: dev, address: dst };
    const key = keyOf.address(entry);
    if (!dst.includes(":") || answered.has(key)) vips.set(key, entry);
  }
  return vips;
};

const readVips = async (programs: Programs): Promise<KernelState["vips"]> => {
  const show = ["route", "show", "table", "local", "proto", ROUTE_PROTOCOL];
  const [ip, ip6, proxies] = await Promise.all([
    programs.readJson("ip", ["-4", "-json", ...show]),
    programs.readJson("ip", ["-6", "-json", ...show]),
    programs.readJson("ip", ["-6", "-json", "neighbour", "show", "proxy"]),
  ]);
  return parseVips(
    [...(ip as readonly RouteJson[]), ...(ip6 as readonly RouteJson[])],
    proxies as readonly NeighbourJson[],
  );
};

const readTable = async (
  programs: Programs,
  family: TableFamily,
): Promise<NftTable | undefined> => {
  const args = ["-j", "list", "table", family, TABLE];
  const { code, stdout, stderr } = await programs.run("nft", args);
  if (code === 0) return parseTable(JSON.parse(stdout));
  if (stderr.includes("No such file or directory")) return undefined;
  throw new OperationError("unavailable", `nft ${args.join(" ")}: ${stderr.trim()}`);
};

const readTables = async (programs: Programs): Promise<KernelState["tables"]> => {
  const tables = new Map<TableFamily, NftTable>();
  const families: readonly TableFamily[] = ["ip", "ip6", "bridge"];
  const found = await Promise.all(families.map((family) => readTable(programs, family)));
  for (const [index, family] of families.entries()) {
    const table = found[index];
    if (table) tables.set(family, table);
  }
  return tables;
};

const readFilters = async (programs: Programs): Promise<KernelState["filters"]> => {
  const [ip, ip6] = await Promise.all([
    readFilter(programs, "ip"),
    // A host without IPv6 has no such table, and then nothing of ours either.
    readFilter(programs, "ip6").catch(() => undefined),
  ]);
  const filters = new Map<Family, ForwardFilter>();
  if (ip) filters.set("ip", ip);
  if (ip6) filters.set("ip6", ip6);
  return filters;
};

/** Values below /proc/sys of the namespace; those that do not exist are left out. */
const readSysctls = async (
  programs: Programs,
  paths: readonly string[],
): Promise<KernelState["sysctls"]> => {
  if (paths.length === 0) return new Map();
  const script = 'cd /proc/sys && grep -Hs "" "$@"';
  const { stdout } = await programs.run("sh", ["-c", script, "sh", ...paths]);
  const lines = stdout.split("\n").filter((line) => line.includes(":"));
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
};

/**
 * Reads back everything of ours that is in the kernel. Rejects (kind `unavailable`) when a program
 * refuses, `failed-precondition` when one is missing.
 */
export const readKernel = async (
  programs: Programs,
  sysctls: readonly string[],
): Promise<KernelState> => {
  const [links, vips, fdb, neighbours, filters, tables, settings, encryption] = await Promise.all([
    programs.readJson("ip", ["-json", "-details", "address", "show"]),
    readVips(programs),
    programs.readJson("bridge", ["-json", "fdb", "show"]),
    programs.readJson("ip", ["-json", "neighbour", "show", "nud", "permanent"]),
    readFilters(programs),
    readTables(programs),
    readSysctls(programs, sysctls),
    readEncryption(programs),
  ]);
  return {
    ...parseDevices(links as readonly IpLink[]),
    ...parseForwarding(fdb as readonly FdbJson[]),
    ...encryption,
    vips,
    neighbours: parseNeighbours(neighbours as readonly NeighbourJson[]),
    sysctls: settings,
    filters,
    tables,
  };
};
