import { deepEqual } from "@skein/base";
import type { Family } from "./addresses.ts";
import { FAMILIES } from "./addresses.ts";
import type { Change, FilterChange, KernelChanges, TableChange } from "./changes.ts";
import { diffConnections, diffTouchedConnections } from "./diff-connections.ts";
import { diffTable } from "./diff-table.ts";
import type { BridgePort, KernelState, Section, TableFamily, Vxlan } from "./kernel-state.ts";
import { isSame } from "./place.ts";
import type { Touched } from "./touched.ts";
import { touchedPart } from "./touched.ts";

const changesOf = <V>(actual: Section<V>, wanted: Section<V>): Change<V>[] => {
  const changes: Change<V>[] = [];
  for (const [key, was] of actual) if (!wanted.has(key)) changes.push({ key, was });
  for (const [key, now] of wanted) {
    const was = actual.get(key);
    if (was === undefined) changes.push({ key, now });
    else if (!isSame(was, now)) changes.push({ key, was, now });
  }
  return changes;
};

/** Whether the device must be made anew: the kernel cannot change these. */
export const isReplaced = ({ was, now }: Change<Vxlan>): boolean =>
  was !== undefined &&
  now !== undefined &&
  (was.vni !== now.vni ||
    was.port !== now.port ||
    was.local !== now.local ||
    was.learning !== now.learning);

/** Devices whose entries vanish when the changes are applied. */
export const lostDevices = ({
  bridges,
  vxlans,
}: Pick<KernelChanges, "bridges" | "vxlans">): ReadonlySet<string> =>
  new Set([
    ...bridges.filter(({ now }) => now === undefined).map(({ key }) => key),
    ...vxlans.filter((one) => one.now === undefined || isReplaced(one)).map(({ key }) => key),
  ]);

/** Bridges whose neighbours the kernel forgets when the changes are applied: it does with a new address. */
export const readdressed = ({ bridges }: Pick<KernelChanges, "bridges">): ReadonlySet<string> =>
  new Set(
    bridges
      .filter(({ was, now }) => was !== undefined && now !== undefined && was.mac !== now.mac)
      .map(({ key }) => key),
  );

/** The section without what lies on the devices. */
const withoutDevices = <V extends { readonly device: string }>(
  section: Section<V>,
  devices: ReadonlySet<string>,
): Section<V> =>
  devices.size === 0
    ? section
    : new Map([...section].filter(([, { device }]) => !devices.has(device)));

/** Every container's end in one of our bridges is as it should be; others are none of ours. */
const diffPorts = (actual: KernelState, wanted: KernelState): Change<BridgePort>[] => {
  const changes: Change<BridgePort>[] = [];
  for (const [key, was] of actual.ports) {
    const at = wanted.ports.get(key)?.bridge ?? was.bridge;
    if (at === undefined || !wanted.bridges.has(at)) continue;
    const now: BridgePort = { bridge: at, hairpin: true };
    if (!isSame(was, now)) changes.push({ key, was, now });
  }
  return changes;
};

/** Settings of the host are made, never taken back: others may rely on them too. */
const diffSysctls = (actual: KernelState, wanted: KernelState): Change<string>[] =>
  changesOf(actual.sysctls, wanted.sysctls).filter(({ now }) => now !== undefined);

const diffFilters = (actual: KernelState, wanted: KernelState): FilterChange[] =>
  FAMILIES.flatMap((family: Family): FilterChange[] => {
    const was = actual.filters.get(family);
    const now = wanted.filters.get(family);
    if (deepEqual(was, now)) return [];
    return [now === undefined ? { family } : { family, now }];
  });

const diffTables = (actual: KernelState, wanted: KernelState): TableChange[] => {
  const families: readonly TableFamily[] = [...FAMILIES, "bridge"];
  return families.flatMap(
    (family) => diffTable(family, actual.tables.get(family), wanted.tables.get(family)) ?? [],
  );
};

type Cut = KernelChanges["cut"];

const differences = (actual: KernelState, wanted: KernelState, cut: Cut): KernelChanges => {
  const bridges = changesOf(actual.bridges, wanted.bridges);
  const vxlans = changesOf(actual.vxlans, wanted.vxlans);
  const lost = lostDevices({ bridges, vxlans });
  return {
    bridges,
    vxlans,
    ports: diffPorts(actual, wanted),
    addresses: changesOf(withoutDevices(actual.addresses, lost), wanted.addresses),
    vips: changesOf(withoutDevices(actual.vips, lost), wanted.vips),
    flood: changesOf(withoutDevices(actual.flood, lost), wanted.flood),
    forwarding: changesOf(withoutDevices(actual.forwarding, lost), wanted.forwarding),
    neighbours: changesOf(
      withoutDevices(actual.neighbours, new Set([...lost, ...readdressed({ bridges })])),
      wanted.neighbours,
    ),
    associations: changesOf(actual.associations, wanted.associations),
    policies: changesOf(actual.policies, wanted.policies),
    sysctls: diffSysctls(actual, wanted),
    filters: diffFilters(actual, wanted),
    tables: diffTables(actual, wanted),
    cut,
  };
};

/** What must be done to get from one state to the other. Empty when they are the same. */
export const diffKernel = (actual: KernelState, wanted: KernelState): KernelChanges =>
  differences(actual, wanted, diffConnections(actual, wanted));

/**
 * The same when the states can differ only where it was touched, at a cost that depends on that alone.
 * Undefined when devices differ: then all that lies on them counts.
 */
export const diffTouched = (
  actual: KernelState,
  wanted: KernelState,
  touched: Touched,
): KernelChanges | undefined => {
  const parts = [touchedPart(actual, touched), touchedPart(wanted, touched)] as const;
  const cut = diffTouchedConnections(parts[0], wanted, touched.isBackend);
  const changes = differences(...parts, cut);
  return changes.bridges.length + changes.vxlans.length > 0 ? undefined : changes;
};
