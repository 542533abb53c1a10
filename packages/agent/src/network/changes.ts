import type { Family } from "./addresses.ts";
import type {
  Bridge,
  BridgePort,
  DeviceAddress,
  FloodEntry,
  ForwardFilter,
  ForwardingEntry,
  Neighbour,
  NftRule,
  NftSet,
  SecurityAssociation,
  SecurityPolicy,
  TableFamily,
  Vxlan,
} from "./kernel-state.ts";

/** One entry of a section: made, changed or removed. At least one of the two is there. */
export interface Change<V> {
  readonly key: string;
  readonly was?: V;
  readonly now?: V;
}

export interface SetElement {
  readonly set: string;
  readonly key: string;
  readonly value: string;
}

/** What must happen to one nftables table, all at once, in this order. */
export interface TableChange {
  readonly family: TableFamily;
  /** The table is there, and is deleted first. */
  readonly drop: boolean;
  /** The table is made. */
  readonly create: boolean;
  readonly newSets: readonly (readonly [name: string, set: NftSet])[];
  readonly newChains: readonly (readonly [name: string, hook: string])[];
  readonly lostElements: readonly SetElement[];
  /** Chains that are emptied and filled. */
  readonly rules: readonly (readonly [chain: string, rules: readonly NftRule[]])[];
  readonly newElements: readonly SetElement[];
  readonly lostChains: readonly string[];
}

export interface FilterChange {
  readonly family: Family;
  /** Absent: the chain is removed. */
  readonly now?: ForwardFilter;
}

/**
 * What leads from one state to another. Entries of interfaces that go away are not listed: they go with
 * them.
 */
export interface KernelChanges {
  readonly bridges: readonly Change<Bridge>[];
  readonly vxlans: readonly Change<Vxlan>[];
  readonly ports: readonly Change<BridgePort>[];
  readonly addresses: readonly Change<DeviceAddress>[];
  readonly vips: readonly Change<DeviceAddress>[];
  readonly flood: readonly Change<FloodEntry>[];
  readonly forwarding: readonly Change<ForwardingEntry>[];
  readonly neighbours: readonly Change<Neighbour>[];
  readonly associations: readonly Change<SecurityAssociation>[];
  readonly policies: readonly Change<SecurityPolicy>[];
  readonly sysctls: readonly Change<string>[];
  readonly filters: readonly FilterChange[];
  readonly tables: readonly TableChange[];
  /** Connections to be cut, when all else is done. */
  readonly cut: {
    /** Nothing has these addresses any more. */
    readonly gone: readonly string[];
    /** They get no new connections; UDP has no others. */
    readonly idle: readonly string[];
  };
}

const tableSize = (change: TableChange): number =>
  Number(change.drop) +
  Number(change.create) +
  change.newSets.length +
  change.newChains.length +
  change.lostElements.length +
  change.rules.length +
  change.newElements.length +
  change.lostChains.length;

/** How many differences of each kind there are; kinds without any are left out. */
export const countChanges = (changes: KernelChanges): Readonly<Record<string, number>> => {
  const { tables, cut: _cut, ...sections } = changes;
  const counts = Object.entries(sections).map(([kind, list]) => [kind, list.length] as const);
  const nft = tables.reduce((sum, change) => sum + tableSize(change), 0);
  return Object.fromEntries([...counts, ["tables", nft] as const].filter(([, count]) => count > 0));
};

/** Whether there is nothing to do. */
export const isEmpty = (changes: KernelChanges): boolean =>
  Object.keys(countChanges(changes)).length === 0;
