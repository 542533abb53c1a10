import type { GenericResource } from "@skein/wire";
import { addTo } from "./counter.ts";

/** How many units of one kind a task asks for. */
export interface GenericDemand {
  readonly kind: string;
  readonly amount: number;
}

/**
 * What one node offers of one kind, and what is taken. A kind is a set of names (`gpu=a`, `gpu=b`)
 * or a count; names win when a node tells both.
 */
interface Stock {
  readonly names: Set<string>;
  count: number;
  /** How many running tasks hold a name: more than one only if the node's names changed. */
  readonly taken: Map<string, number>;
  used: number;
}

/** The demand of a reservation list: discrete amounts, those of one kind added up. */
export const genericDemand = (resources: readonly GenericResource[]): readonly GenericDemand[] => {
  const amounts = new Map<string, number>();
  const add = (kind: string, amount: number): void => {
    if (amount > 0) amounts.set(kind, (amounts.get(kind) ?? 0) + amount);
  };
  for (const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } of resources) {
    if (named) add(named.Kind ?? "", 1);
    if (discrete) add(discrete.Kind ?? "", discrete.Value ?? 0);
  }
  return [...amounts].map(([kind, amount]) => ({ kind, amount }));
};

const newStock = (): Stock => ({ names: new Set(), count: 0, taken: new Map(), used: 0 });

/**
 * One node's generic resources. What is taken comes from the tasks that hold it, never from counting
 * anew, so that a name is not given twice after a change of leader (the reference's D5).
 */
export class GenericStock {
  readonly #kinds = new Map<string, Stock>();

  /** Replaces what the node offers; what is taken stays. */
  offer(resources: readonly GenericResource[]): void {
    for (const stock of this.#kinds.values()) {
      stock.names.clear();
      stock.count = 0;
    }
    for (const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } of resources) {
      if (named) this.#stock(named.Kind).names.add(named.Value ?? "");
      if (discrete) this.#stock(discrete.Kind).count += discrete.Value ?? 0;
    }
  }

  /** How many more units of a kind can be had; negative when the node now has less than is used. */
  free(kind: string): number {
    const stock = this.#kinds.get(kind);
    if (!stock) return 0;
    if (stock.names.size === 0) return stock.count - stock.used - stock.taken.size;
    return freeNames(stock).length - stock.used;
  }

  /** Chooses units for a demand that fits: names in the node's order, or counts. Records nothing. */
  choose(demand: readonly GenericDemand[]): readonly GenericResource[] {
    return demand.flatMap(({ kind, amount }): readonly GenericResource[] => {
      const stock = this.#kinds.get(kind);
      if (!stock || stock.names.size === 0)
        return [{ DiscreteResourceSpec: { Kind: kind, Value: amount } }];
      const names = freeNames(stock).slice(0, amount);
      return names.map((name) => ({ NamedResourceSpec: { Kind: kind, Value: name } }));
    });
  }

  /** Counts what one task holds: `by` is 1 when it gets them and -1 when it ends. */
  count(held: readonly GenericResource[], by: 1 | -1): void {
    for (const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } of held) {
      if (named) {
        const { taken } = this.#stock(named.Kind);
        addTo(taken, named.Value ?? "", by);
      }
      if (discrete) this.#stock(discrete.Kind).used += by * (discrete.Value ?? 0);
    }
  }

  #stock(kind = ""): Stock {
    const known = this.#kinds.get(kind);
    if (known) return known;
    const stock = newStock();
    this.#kinds.set(kind, stock);
    return stock;
  }
}

const freeNames = ({ names, taken }: Stock): readonly string[] =>
  [...names].filter((name) => !taken.has(name));
