import type { Change, KernelChanges, TableChange } from "./changes.ts";
import { lostDevices, readdressed } from "./diff.ts";
import type { Family } from "./addresses.ts";
import type {
  ForwardFilter,
  KernelState,
  NftChain,
  NftSet,
  NftTable,
  TableFamily,
} from "./kernel-state.ts";

/** A state that only its owner has, and may change. */
type Owned<T> = T extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never;

const owned = <M extends ReadonlyMap<unknown, unknown>>(map: M): Owned<M> =>
  map as unknown as Owned<M>;

const apply = <V>(section: Map<string, V>, changes: readonly Change<V>[]): void => {
  for (const { key, now } of changes)
    if (now === undefined) section.delete(key);
    else section.set(key, now);
};

const forget = <V extends { readonly device: string }>(
  section: Map<string, V>,
  devices: ReadonlySet<string>,
): void => {
  if (devices.size === 0) return;
  for (const [key, { device }] of section) if (devices.has(device)) section.delete(key);
};

const applySets = (sets: Map<string, NftSet>, change: TableChange): void => {
  for (const [name, set] of change.newSets) sets.set(name, { ...set, elements: new Map() });
  const elementsOf = (name: string): Map<string, string> | undefined => {
    const set = sets.get(name);
    return set && owned(set.elements);
  };
  for (const { set, key } of change.lostElements) elementsOf(set)?.delete(key);
  for (const { set, key, value } of change.newElements) elementsOf(set)?.set(key, value);
};

const applyChains = (chains: Map<string, NftChain>, change: TableChange): void => {
  for (const [name, hook] of change.newChains) chains.set(name, { hook, rules: [] });
  for (const name of change.lostChains) chains.delete(name);
  for (const [name, rules] of change.rules)
    chains.set(name, { hook: chains.get(name)?.hook ?? "", rules });
};

const applyTables = (tables: Map<TableFamily, NftTable>, changes: readonly TableChange[]): void => {
  for (const change of changes) {
    if (change.drop) tables.delete(change.family);
    const found = tables.get(change.family);
    if (!found && !change.create) continue;
    const table = found ?? { sets: new Map(), chains: new Map() };
    tables.set(change.family, table);
    applySets(owned(table.sets), change);
    applyChains(owned(table.chains), change);
  }
};

const applyFilters = (
  filters: Map<Family, ForwardFilter>,
  changes: KernelChanges["filters"],
): void => {
  for (const { family, now } of changes)
    if (now) filters.set(family, now);
    else filters.delete(family);
};

/** A bridge that goes away leaves its ports alone. */
const leavePorts = (state: KernelState, lost: ReadonlySet<string>): void => {
  if (lost.size === 0) return;
  const ports = owned(state.ports);
  for (const [name, port] of ports)
    if (port.bridge !== undefined && lost.has(port.bridge))
      ports.set(name, { ...port, bridge: undefined, hairpin: false });
};

/**
 * Makes of a state the one that there is when the changes have been made. The state must be the caller's
 * own, all of it: it is changed in place, at a cost that depends on the changes alone.
 */
export const mergeChanges = (state: KernelState, changes: KernelChanges): void => {
  const lost = lostDevices(changes);
  leavePorts(state, lost);
  for (const section of [state.addresses, state.vips, state.flood, state.forwarding])
    forget(owned(section) as Map<string, { readonly device: string }>, lost);
  forget(owned(state.neighbours), new Set([...lost, ...readdressed(changes)]));
  apply(owned(state.bridges), changes.bridges);
  apply(owned(state.vxlans), changes.vxlans);
  apply(owned(state.ports), changes.ports);
  apply(owned(state.addresses), changes.addresses);
  apply(owned(state.vips), changes.vips);
  apply(owned(state.flood), changes.flood);
  apply(owned(state.forwarding), changes.forwarding);
  apply(owned(state.neighbours), changes.neighbours);
  apply(owned(state.associations), changes.associations);
  apply(owned(state.policies), changes.policies);
  apply(owned(state.sysctls), changes.sysctls);
  applyFilters(owned(state.filters), changes.filters);
  applyTables(owned(state.tables), changes.tables);
};

/** A state that shares no map with the other. */
export const copyState = (state: KernelState): KernelState => ({
  bridges: new Map(state.bridges),
  vxlans: new Map(state.vxlans),
  ports: new Map(state.ports),
  addresses: new Map(state.addresses),
  vips: new Map(state.vips),
  flood: new Map(state.flood),
  forwarding: new Map(state.forwarding),
  neighbours: new Map(state.neighbours),
  associations: new Map(state.associations),
  policies: new Map(state.policies),
  sysctls: new Map(state.sysctls),
  filters: new Map(state.filters),
  tables: new Map(
    [...state.tables].map(([family, { sets, chains }]) => [
      family,
      {
        sets: new Map(
          [...sets].map(([name, set]) => [name, { ...set, elements: new Map(set.elements) }]),
        ),
        chains: new Map(chains),
      },
    ]),
  ),
});
