import type { KernelState, NftChain, NftSet, NftTable } from "@skein/agent";

const hasSameRules = (a: NftChain, b: NftChain): boolean =>
  a.rules.length === b.rules.length && a.rules.every(({ id }, index) => id === b.rules[index]?.id);

const tableWithTexts = (read: NftTable, source: NftTable): NftTable => ({
  sets: new Map(
    [...read.sets].map(([name, set]): [string, NftSet] => {
      const same = source.sets.get(name);
      return [name, same?.id === set.id ? { ...set, definition: same.definition } : set];
    }),
  ),
  chains: new Map(
    [...read.chains].map(([name, chain]) => {
      const same = source.chains.get(name);
      return [name, same && hasSameRules(chain, same) ? { ...chain, rules: same.rules } : chain];
    }),
  ),
});

/**
 * Rules and sets are read back by their digests alone. Takes their texts from a state that has the same, so that
 * what is known of the kernel can be made again when it is lost.
 */
export const withTexts = (read: KernelState, source: KernelState): KernelState => ({
  ...read,
  tables: new Map(
    [...read.tables].map(([family, table]) => {
      const same = source.tables.get(family);
      return [family, same ? tableWithTexts(table, same) : table];
    }),
  ),
});
