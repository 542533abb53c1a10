import type { SetElement, TableChange } from "./changes.ts";
import type { NftChain, NftSet, NftTable, TableFamily } from "./kernel-state.ts";

const NO_TABLE: NftTable = { sets: new Map(), chains: new Map() };

/** Neither a set's type nor a base chain's hook can be changed in place; and no set is none of ours. */
const mustRebuild = (actual: NftTable, wanted: NftTable): boolean => {
  for (const name of actual.sets.keys()) if (!wanted.sets.has(name)) return true;
  for (const [name, { id }] of wanted.sets) {
    const was = actual.sets.get(name);
    if (was !== undefined && was.id !== id) return true;
  }
  for (const [name, { hook }] of wanted.chains) {
    const was = actual.chains.get(name);
    if (was !== undefined && was.hook !== hook) return true;
  }
  return false;
};

const missingIn = <V>(
  map: ReadonlyMap<string, V>,
  others: ReadonlyMap<string, unknown>,
): readonly (readonly [string, V])[] => [...map].filter(([name]) => !others.has(name));

const elementsBut = (
  set: string,
  elements: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string> | undefined,
): SetElement[] => {
  const found: SetElement[] = [];
  for (const [key, value] of elements)
    if (others?.get(key) !== value) found.push({ set, key, value });
  return found;
};

const hasSameRules = (a: NftChain | undefined, b: NftChain): boolean => {
  const rules = a?.rules ?? [];
  return (
    rules.length === b.rules.length && rules.every(({ id }, index) => id === b.rules[index]?.id)
  );
};

const changedElements = (
  from: ReadonlyMap<string, NftSet>,
  to: ReadonlyMap<string, NftSet>,
): readonly SetElement[] =>
  [...from].flatMap(([name, { elements }]) => elementsBut(name, elements, to.get(name)?.elements));

const isNothing = ({ drop, create, family: _family, ...lists }: TableChange): boolean =>
  !drop && !create && Object.values(lists).every((list) => list.length === 0);

/** What must be done to one table; undefined when it is as it should be. */
export const diffTable = (
  family: TableFamily,
  found: NftTable | undefined,
  wanted: NftTable | undefined,
): TableChange | undefined => {
  const rebuild = found !== undefined && wanted !== undefined && mustRebuild(found, wanted);
  const drop = found !== undefined && (wanted === undefined || rebuild);
  const actual = drop ? NO_TABLE : (found ?? NO_TABLE);
  const target = wanted ?? NO_TABLE;
  const change: TableChange = {
    family,
    drop,
    create: wanted !== undefined && (found === undefined || rebuild),
    newSets: missingIn(target.sets, actual.sets),
    newChains: missingIn(target.chains, actual.chains).map(([name, { hook }]) => [name, hook]),
    lostElements: changedElements(actual.sets, target.sets),
    rules: [...target.chains].flatMap(([name, chain]) =>
      hasSameRules(actual.chains.get(name), chain) ? [] : [[name, chain.rules] as const],
    ),
    newElements: changedElements(target.sets, actual.sets),
    lostChains: missingIn(actual.chains, target.chains).map(([name]) => name),
  };
  return isNothing(change) ? undefined : change;
};
