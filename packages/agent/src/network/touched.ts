import type { KernelState, NftTable, TableFamily } from "./kernel-state.ts";

/** Keys of one table's contents. */
export interface TouchedTable {
  /** By set. */
  readonly elements: ReadonlyMap<string, ReadonlySet<string>>;
  readonly chains: ReadonlySet<string>;
}

/** Which entries of the wanted state are not as they were; nothing else needs to be compared. */
export interface Touched {
  /** By section. */
  readonly sections: Readonly<Record<string, ReadonlySet<string>>>;
  readonly tables: ReadonlyMap<TableFamily, TouchedTable>;
  /** Whether an address is that of a task which gets connections. */
  readonly isBackend: (address: string) => boolean;
}

const NONE: ReadonlySet<string> = new Set();

const pick = <V>(section: ReadonlyMap<string, V>, keys: ReadonlySet<string>): Map<string, V> => {
  const found = new Map<string, V>();
  for (const key of keys) {
    const value = section.get(key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
};

const partOfTable = ({ sets, chains }: NftTable, touched: TouchedTable | undefined): NftTable => ({
  sets: new Map(
    [...sets].map(([name, set]) => [
      name,
      { ...set, elements: pick(set.elements, touched?.elements.get(name) ?? NONE) },
    ]),
  ),
  chains: pick(chains, touched?.chains ?? NONE),
});

/** The part of a state that was touched. Bridges, VXLAN ports and their ports are in it as a whole: they are few. */
export const touchedPart = (state: KernelState, { sections, tables }: Touched): KernelState => {
  const part = <V>(name: string, section: ReadonlyMap<string, V>): ReadonlyMap<string, V> =>
    pick(section, sections[name] ?? NONE);
  return {
    ...state,
    addresses: part("addresses", state.addresses),
    vips: part("vips", state.vips),
    flood: part("flood", state.flood),
    forwarding: part("forwarding", state.forwarding),
    neighbours: part("neighbours", state.neighbours),
    sysctls: part("sysctls", state.sysctls),
    tables: new Map(
      [...state.tables].map(([family, table]) => [family, partOfTable(table, tables.get(family))]),
    ),
  };
};
