import type { Change, KernelChanges, TableChange } from "./changes.ts";
import { lostDevices, readdressed, withoutDevices } from "./diff.ts";
import type {
  ForwardFilter,
  KernelState,
  NftChain,
  NftSet,
  NftTable,
  Section,
  TableFamily,
} from "./kernel-state.ts";
import type { Family } from "./addresses.ts";

const applied = <V>(section: Section<V>, changes: readonly Change<V>[]): Section<V> => {
  if (changes.length === 0) return section;
  const result = new Map(section);
  for (const { key, now } of changes) {
    if (now === undefined) result.delete(key);
    else result.set(key, now);
  }
  return result;
};

const appliedSets = (
  sets: ReadonlyMap<string, NftSet>,
  change: TableChange,
): ReadonlyMap<string, NftSet> => {
  const result = new Map(sets);
  for (const [name, set] of change.newSets) result.set(name, { ...set, elements: new Map() });
  const touched = new Map<string, Map<string, string>>();
  const elementsOf = (name: string): Map<string, string> => {
    const known = touched.get(name) ?? new Map(result.get(name)?.elements);
    touched.set(name, known);
    return known;
  };
  for (const { set, key } of change.lostElements) elementsOf(set).delete(key);
  for (const { set, key, value } of change.newElements) elementsOf(set).set(key, value);
  for (const [name, elements] of touched) {
    const set = result.get(name);
    if (set) result.set(name, { ...set, elements });
  }
  return result;
};

const appliedChains = (
  chains: ReadonlyMap<string, NftChain>,
  change: TableChange,
): ReadonlyMap<string, NftChain> => {
  const result = new Map(chains);
  for (const [name, hook] of change.newChains) result.set(name, { hook, rules: [] });
  for (const name of change.lostChains) result.delete(name);
  for (const [name, rules] of change.rules)
    result.set(name, { hook: result.get(name)?.hook ?? "", rules });
  return result;
};

const appliedTables = (
  tables: ReadonlyMap<TableFamily, NftTable>,
  changes: readonly TableChange[],
): ReadonlyMap<TableFamily, NftTable> => {
  const result = new Map(tables);
  for (const change of changes) {
    if (change.drop) result.delete(change.family);
    const table = result.get(change.family);
    if (!table && !change.create) continue;
    result.set(change.family, {
      sets: appliedSets(table?.sets ?? new Map(), change),
      chains: appliedChains(table?.chains ?? new Map(), change),
    });
  }
  return result;
};

const appliedFilters = (
  filters: ReadonlyMap<Family, ForwardFilter>,
  changes: KernelChanges["filters"],
): ReadonlyMap<Family, ForwardFilter> => {
  const result = new Map(filters);
  for (const { family, now } of changes) {
    if (now) result.set(family, now);
    else result.delete(family);
  }
  return result;
};

/** A bridge that goes away leaves its ports alone. */
const withoutBridges = (
  ports: KernelState["ports"],
  lost: ReadonlySet<string>,
): KernelState["ports"] =>
  new Map(
    [...ports].map(([name, port]) =>
      port.bridge !== undefined && lost.has(port.bridge)
        ? [name, { ...port, bridge: undefined, hairpin: false }]
        : [name, port],
    ),
  );

/** The state that there is when the changes have been made. */
export const applyChanges = (state: KernelState, changes: KernelChanges): KernelState => {
  const lost = lostDevices(changes);
  return {
    bridges: applied(state.bridges, changes.bridges),
    vxlans: applied(state.vxlans, changes.vxlans),
    ports: applied(withoutBridges(state.ports, lost), changes.ports),
    addresses: applied(withoutDevices(state.addresses, lost), changes.addresses),
    vips: applied(withoutDevices(state.vips, lost), changes.vips),
    flood: applied(withoutDevices(state.flood, lost), changes.flood),
    forwarding: applied(withoutDevices(state.forwarding, lost), changes.forwarding),
    neighbours: applied(
      withoutDevices(state.neighbours, new Set([...lost, ...readdressed(changes)])),
      changes.neighbours,
    ),
    sysctls: applied(state.sysctls, changes.sysctls),
    filters: appliedFilters(state.filters, changes.filters),
    tables: appliedTables(state.tables, changes.tables),
  };
};
