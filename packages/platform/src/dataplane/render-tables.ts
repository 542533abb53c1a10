import type { SetElement, TableChange, TableFamily } from "@skein/agent";
import { TABLE } from "@skein/agent";

const grouped = (elements: readonly SetElement[]): ReadonlyMap<string, readonly SetElement[]> => {
  const groups = new Map<string, SetElement[]>();
  for (const element of elements) {
    const group = groups.get(element.set);
    if (group) group.push(element);
    else groups.set(element.set, [element]);
  }
  return groups;
};

const removeElements = (family: TableFamily, elements: readonly SetElement[]): readonly string[] =>
  [...grouped(elements)].map(([set, group]) => {
    const keys = group.map(({ key }) => key).join(", ");
    return `delete element ${family} ${TABLE} ${set} { ${keys} }`;
  });

const addElements = (family: TableFamily, elements: readonly SetElement[]): readonly string[] =>
  [...grouped(elements)].map(([set, group]) => {
    const list = group.map(({ key, value }) => (value === "" ? key : `${key} : ${value}`));
    return `add element ${family} ${TABLE} ${set} { ${list.join(", ")} }`;
  });

const renderHook = (hook: string): string => {
  const [type, at, priority] = hook.split(" ");
  return hook === "" ? "" : ` { type ${type} hook ${at} priority ${priority}; policy accept; }`;
};

/** The parts of a table's change. */
interface Parts {
  readonly prepare: readonly string[];
  readonly redirect: readonly string[];
  readonly clean: readonly string[];
}

const partsOf = (change: TableChange): Parts => {
  const { family } = change;
  const at = `${family} ${TABLE}`;
  return {
    prepare: [
      ...(change.drop ? [`delete table ${at}`] : []),
      ...(change.create ? [`add table ${at}`] : []),
      ...change.newSets.map(
        ([name, { kind, definition, id }]) =>
          `add ${kind} ${at} ${name} { ${definition} comment "${id}"; }`,
      ),
      ...change.newChains.map(([name, hook]) => `add chain ${at} ${name}${renderHook(hook)}`),
      ...change.rules.flatMap(([chain, rules]) => [
        `flush chain ${at} ${chain}`,
        ...rules.map(({ id, text }) => `add rule ${at} ${chain} ${text} comment "${id}"`),
      ]),
    ],
    redirect: [
      ...removeElements(family, change.lostElements),
      ...addElements(family, change.newElements),
    ],
    clean: [
      ...change.lostChains.map((name) => `flush chain ${at} ${name}`),
      ...change.lostChains.map((name) => `delete chain ${at} ${name}`),
    ],
  };
};

/**
 * The changes of tables as lines of nft's language, to be given one after the other. Each is a transaction; all
 * elements change in one. Chains are made before, and removed after: a packet that comes in the very moment of
 * a transaction may find an element of the one side and a chain of the other, where it would be empty. A
 * table that is made is made whole.
 */
export const renderTables = (changes: readonly TableChange[]): readonly string[] => {
  const parts = changes.map((change) => ({ ...partsOf(change), whole: change.create }));
  return [
    parts.flatMap(({ whole, prepare }) => (whole ? [] : prepare)),
    parts.flatMap(({ whole, prepare, redirect }) => (whole ? [...prepare, ...redirect] : redirect)),
    parts.flatMap(({ clean }) => clean),
  ].flatMap((commands) => (commands.length === 0 ? [] : [commands.join("; ")]));
};
