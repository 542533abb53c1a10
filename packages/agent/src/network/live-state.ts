import type { Family } from "./addresses.ts";
import { FAMILIES } from "./addresses.ts";
import type { KernelState, NftChain, NftSet, NftTable, TableFamily } from "./kernel-state.ts";
import { emptyKernelState } from "./kernel-state.ts";
import { Place } from "./place.ts";
import { bridgeChains, bridgeSets, chainsOf, setsOf } from "./ruleset.ts";
import { StateBuilder } from "./state-builder.ts";
import type { Entry } from "./state-builder.ts";
import type { Touched, TouchedTable } from "./touched.ts";

const TABLE_FAMILIES: readonly TableFamily[] = [...FAMILIES, "bridge"];

/** The maps whose values are tasks that get connections. */
const BACKENDS: ReadonlySet<string> = new Set(["backends", "port_backends"]);

interface LiveTable {
  readonly table: NftTable;
  readonly sets: ReadonlyMap<string, Place<string>>;
  readonly chains: Place<NftChain>;
}

type Values<S> = S extends ReadonlyMap<string, infer V> ? V : never;

/** A section of a state that nobody else has. */
const writable = <S extends ReadonlyMap<string, unknown>>(section: S): Map<string, Values<S>> =>
  section as unknown as Map<string, Values<S>>;

const placesOf = (state: KernelState) => ({
  bridges: new Place(writable(state.bridges)),
  vxlans: new Place(writable(state.vxlans)),
  ports: new Place(writable(state.ports)),
  addresses: new Place(writable(state.addresses)),
  vips: new Place(writable(state.vips)),
  flood: new Place(writable(state.flood)),
  forwarding: new Place(writable(state.forwarding)),
  neighbours: new Place(writable(state.neighbours)),
  associations: new Place(writable(state.associations)),
  policies: new Place(writable(state.policies)),
  sysctls: new Place(writable(state.sysctls)),
});

/**
 * The wanted state, put together from units: one for each network, node, task, service and port. Writing a
 * unit anew costs what it consists of, whatever else there is, and what became different is noted.
 */
export class LiveState {
  readonly state: KernelState = emptyKernelState();
  readonly #places = placesOf(this.state);
  readonly #tables: ReadonlyMap<TableFamily, LiveTable>;
  readonly #units = new Map<string, readonly Entry[]>();
  /** How often a task is among those that get connections. */
  readonly #backends = new Map<string, number>();
  /** Something is different that the rest depends on: all must be compared. */
  #structural = false;

  /** All places by the names that entries have for them. */
  readonly #byName: ReadonlyMap<string, Place<unknown>>;

  constructor() {
    this.#tables = new Map(TABLE_FAMILIES.map((family) => [family, this.#table(family)]));
    const places = new Map<string, object>(Object.entries(this.#places));
    for (const [family, { sets, chains }] of this.#tables) {
      places.set(`chain/${family}`, chains);
      for (const [name, set] of sets) places.set(`set/${family}/${name}`, set);
    }
    this.#byName = places as ReadonlyMap<string, Place<unknown>>;
  }

  /** Writes a unit anew; without `write` it is gone. */
  replace(unit: string, write?: (builder: StateBuilder) => void): void {
    const entries: Entry[] = [];
    write?.(new StateBuilder(entries));
    const before = this.#units.get(unit) ?? [];
    if (entries.length === 0 && before.length === 0) return;
    for (const { place, key, value } of entries) this.#place(place).claim(unit, key, value);
    if (before.length > 0) this.#release(unit, before, entries);
    if (entries.length === 0) this.#units.delete(unit);
    else this.#units.set(unit, entries);
  }

  /**
   * The nftables tables that there are, and our chains of the engine's filter table. The underlay's family may
   * need a table though no network has it.
   */
  setFamilies(
    families: ReadonlySet<Family>,
    rules: readonly string[],
    underlay: ReadonlySet<Family> = new Set(),
  ): void {
    const filters = writable(this.state.filters);
    const tables = writable(this.state.tables);
    for (const family of TABLE_FAMILIES) {
      const wanted =
        family === "bridge" ? families.size > 0 : families.has(family) || underlay.has(family);
      const live = this.#tables.get(family);
      if (wanted !== tables.has(family)) this.#structural = true;
      if (wanted && live) tables.set(family, live.table);
      else tables.delete(family);
    }
    for (const family of FAMILIES)
      if (families.has(family)) filters.set(family, { hooked: true, rules });
      else filters.delete(family);
  }

  /** What is different since the last call; undefined: compare everything. */
  take(): Touched | undefined {
    const { bridges, vxlans, ports: _ports, ...places } = this.#places;
    const structural = this.#structural || bridges.touched.size + vxlans.touched.size > 0;
    const sections = Object.fromEntries(
      Object.entries(places).map(([name, { touched }]) => [name, new Set(touched)]),
    );
    const tables = new Map([...this.#tables].map(([family, live]) => [family, taken(live)]));
    this.#structural = false;
    for (const { touched } of Object.values(this.#places)) touched.clear();
    return structural
      ? undefined
      : { sections, tables, isBackend: (address) => this.#backends.has(address) };
  }

  #release(unit: string, before: readonly Entry[], now: readonly Entry[]): void {
    const kept = new Set(now.map(({ place, key }) => `${place} ${key}`));
    for (const { place, key } of before)
      if (!kept.has(`${place} ${key}`)) this.#place(place).release(unit, key);
  }

  #place(name: string): Place<unknown> {
    const place = this.#byName.get(name);
    if (!place) throw new Error(`bug: no place ${name}`);
    return place;
  }

  #table(family: TableFamily): LiveTable {
    const sets = family === "bridge" ? bridgeSets() : setsOf(family);
    const chains = new Map(Object.entries(family === "bridge" ? bridgeChains() : chainsOf(family)));
    const places = new Map<string, Place<string>>();
    const filled = new Map<string, NftSet>();
    for (const [name, set] of Object.entries(sets)) {
      const elements = new Map<string, string>();
      const count = BACKENDS.has(name);
      places.set(
        name,
        new Place(elements, count ? (was, now) => this.#count(was, now) : undefined),
      );
      filled.set(name, { ...set, elements });
    }
    return { table: { sets: filled, chains }, sets: places, chains: new Place(chains) };
  }

  #count(was: string | undefined, now: string | undefined): void {
    if (now !== undefined) this.#backends.set(now, (this.#backends.get(now) ?? 0) + 1);
    if (was === undefined) return;
    const left = (this.#backends.get(was) ?? 0) - 1;
    if (left > 0) this.#backends.set(was, left);
    else this.#backends.delete(was);
  }
}

/** What is different in a table, which from now on is nothing. */
const taken = ({ sets, chains }: LiveTable): TouchedTable => {
  const result = {
    elements: new Map(
      [...sets].flatMap(([name, { touched }]) =>
        touched.size > 0 ? [[name, new Set(touched)] as const] : [],
      ),
    ),
    chains: new Set(chains.touched),
  };
  for (const { touched } of sets.values()) touched.clear();
  chains.touched.clear();
  return result;
};
