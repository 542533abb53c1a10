import type { Family } from "./addresses.ts";
import { FAMILIES, familyOf, rawAddress } from "./addresses.ts";
import type {
  DeviceAddress,
  FloodEntry,
  ForwardingEntry,
  KernelState,
  Neighbour,
  NftChain,
  NftSet,
  NftTable,
  TableFamily,
} from "./kernel-state.ts";
import { emptyKernelState, keyOf } from "./kernel-state.ts";
import type { Choice } from "./ruleset.ts";
import { bridgeChains, bridgeSets, chainsOf, setsOf } from "./ruleset.ts";

type Writable<T> = {
  -readonly [K in keyof T]: T[K] extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : T[K];
};

/** A table while it is filled. */
class TableBuilder {
  readonly #sets: ReadonlyMap<
    string,
    { readonly set: NftSet; readonly elements: Map<string, string> }
  >;
  readonly #chains: Map<string, NftChain>;

  constructor(sets: Readonly<Record<string, NftSet>>, chains: Readonly<Record<string, NftChain>>) {
    this.#sets = new Map(
      Object.entries(sets).map(([name, set]) => [name, { set, elements: new Map() }]),
    );
    this.#chains = new Map(Object.entries(chains));
  }

  add(set: string, key: string, value = ""): void {
    const found = this.#sets.get(set);
    if (found === undefined) throw new Error(`bug: no set ${set}`);
    found.elements.set(key, value);
  }

  /** The verdict that leads to a choice. */
  choose({ name, chain }: Choice): string {
    this.#chains.set(name, chain);
    return `goto ${name}`;
  }

  build(): NftTable {
    const sets = [...this.#sets].map(
      ([name, { set, elements }]) => [name, { ...set, elements }] as const,
    );
    return { sets: new Map(sets), chains: this.#chains };
  }
}

/** The wanted state while it is put together. */
export class StateBuilder {
  readonly state: Writable<KernelState> = emptyKernelState() as Writable<KernelState>;
  readonly ip: TableBuilder = new TableBuilder(setsOf("ip"), chainsOf("ip"));
  readonly ip6: TableBuilder = new TableBuilder(setsOf("ip6"), chainsOf("ip6"));
  readonly bridge: TableBuilder = new TableBuilder(bridgeSets(), bridgeChains());

  addAddress(entry: DeviceAddress): void {
    this.state.addresses.set(keyOf.address(entry), entry);
  }

  addVip(entry: DeviceAddress): void {
    this.state.vips.set(keyOf.address(entry), entry);
  }

  addFlood(entry: FloodEntry): void {
    this.state.flood.set(keyOf.flood(entry), entry);
  }

  addForwarding(entry: ForwardingEntry): void {
    this.state.forwarding.set(keyOf.forwarding(entry), entry);
  }

  addNeighbour(entry: Neighbour): void {
    this.state.neighbours.set(keyOf.neighbour(entry), entry);
  }

  /** The address is a node's: no container may claim it. */
  hold(address: string): void {
    if (familyOf(address) === "ip") this.bridge.add("held", address);
    else this.bridge.add("held6", rawAddress(address));
  }

  /** The state with the tables of those families that are used. */
  build(families: ReadonlySet<Family>): KernelState {
    const tables = new Map<TableFamily, NftTable>();
    for (const family of FAMILIES)
      if (families.has(family)) tables.set(family, this[family].build());
    if (families.size > 0) tables.set("bridge", this.bridge.build());
    return { ...this.state, tables };
  }
}
