import { BitSet } from "./bit-set.ts";
import type { NodeLoad } from "./node-load.ts";

const byHash = (a: NodeLoad, b: NodeLoad): number =>
  a.hash - b.hash || (a.id < b.id ? -1 : Number(a.id > b.id));

/**
 * The nodes in the order of their hashes, and buckets of them by how many active tasks they have.
 * A service takes ties in this order, beginning at its own hash: so each service prefers other
 * nodes, always the same ones, and the preferred nodes of a bucket are found without sorting.
 */
export class NodeRanks {
  readonly nodes: readonly NodeLoad[];
  readonly #buckets: BitSet[] = [];

  constructor(loads: Iterable<NodeLoad>) {
    this.nodes = [...loads].filter(({ node }) => node !== undefined).toSorted(byHash);
    for (const [rank, load] of this.nodes.entries()) {
      load.rank = rank;
      this.bucket(load.active).add(rank);
    }
  }

  /** Nodes with exactly this many active tasks. */
  bucket(active: number): BitSet {
    while (this.#buckets.length <= active) this.#buckets.push(new BitSet(this.nodes.length));
    return this.#buckets[active] ?? new BitSet(0);
  }

  /** One more than the highest number of active tasks that any node had. */
  get buckets(): number {
    return this.#buckets.length;
  }

  /** The number of active tasks of a node changed. */
  moved(load: NodeLoad, before: number): void {
    if (load.rank < 0 || load.active === before) return;
    this.bucket(before).remove(load.rank);
    this.bucket(load.active).add(load.rank);
  }

  /** The rank at which a service with this hash begins. */
  startOf(serviceHash: number): number {
    const wanted = -serviceHash >>> 0;
    let low = 0;
    let high = this.nodes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.nodes[middle]?.hash ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
