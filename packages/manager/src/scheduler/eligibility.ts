import { BitSet } from "./bit-set.ts";
import type { Demand } from "./demand.ts";
import type { Requirement } from "./filters.ts";
import { passesFixed } from "./filters.ts";
import type { NodeLoad } from "./node-load.ts";
import type { NodeRanks } from "./node-ranks.ts";

/** More sets of requirements than this are not remembered. */
const MOST_KEPT = 500;

interface Entry {
  readonly demand: Demand;
  readonly requirement: Requirement;
  readonly set: BitSet;
}

/**
 * Which nodes fulfil a {@link Requirement} and are ready: worked out once for each different set of
 * requirements, and then only for nodes that changed.
 */
export class Eligibility {
  readonly #entries = new Map<string, Entry>();
  #ranks: NodeRanks | undefined;

  /** The ranks of the nodes that could take such a task if they had room. Not to be changed. */
  of(ranks: NodeRanks, demand: Demand, requirement: Requirement): BitSet {
    if (this.#ranks !== ranks) this.#entries.clear();
    this.#ranks = ranks;
    const known = this.#entries.get(requirement.key);
    if (known) return known.set;
    if (this.#entries.size >= MOST_KEPT) this.#entries.clear();
    const entry: Entry = { demand, requirement, set: new BitSet(ranks.nodes.length) };
    for (const load of ranks.nodes) judge(entry, load);
    this.#entries.set(requirement.key, entry);
    return entry.set;
  }

  /** A node's description, state or labels changed. */
  changed(load: NodeLoad): void {
    if (load.rank < 0) return;
    for (const entry of this.#entries.values()) judge(entry, load);
  }
}

const judge = ({ demand, requirement, set }: Entry, load: NodeLoad): void => {
  if (passesFixed(load, demand, requirement)) set.add(load.rank);
  else set.remove(load.rank);
};
