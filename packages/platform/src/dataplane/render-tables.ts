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

const renderTable = (change: TableChange): readonly string[] => {
  const { family } = change;
  const at = `${family} ${TABLE}`;
  return [
    ...(change.drop ? [`delete table ${at}`] : []),
    ...(change.create ? [`add table ${at}`] : []),
    ...change.newSets.map(
      ([name, { kind, definition, id }]) =>
        `add ${kind} ${at} ${name} { ${definition} comment "${id}"; }`,
    ),
    ...change.newChains.map(([name, hook]) => `add chain ${at} ${name}${renderHook(hook)}`),
    ...removeElements(family, change.lostElements),
    ...change.rules.flatMap(([chain, rules]) => [
      `flush chain ${at} ${chain}`,
      ...rules.map(({ id, text }) => `add rule ${at} ${chain} ${text} comment "${id}"`),
    ]),
    ...addElements(family, change.newElements),
    ...change.lostChains.map((name) => `flush chain ${at} ${name}`),
    ...change.lostChains.map((name) => `delete chain ${at} ${name}`),
  ];
};

/** All changes of tables as one line of nft's language: one transaction. Empty: nothing to do. */
export const renderTables = (changes: readonly TableChange[]): string =>
  changes.flatMap(renderTable).join("; ");
