import type { NetworkDifference } from "@skein/model";
import type { Change, FilterChange, KernelChanges, SetElement, TableChange } from "./changes.ts";
import type { SecurityAssociation } from "./kernel-state.ts";

/** More differences than these are counted, but not told one by one. */
const MOST_TOLD = 200;

const shown = (value: unknown): string => {
  if (value === undefined) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
};

/** Fields that are never told: keys of encrypted networks. */
const HIDDEN: ReadonlySet<string> = new Set<keyof SecurityAssociation>(["key"]);

const detailOf = (was: unknown, now: unknown): string => {
  if (typeof was !== "object" || typeof now !== "object" || was === null || now === null)
    return `is ${shown(was)}, should be ${shown(now)}`;
  return Object.keys(now)
    .filter((key) => Reflect.get(was, key) !== Reflect.get(now, key))
    .map((key) =>
      HIDDEN.has(key)
        ? `${key} is another`
        : `${key} is ${shown(Reflect.get(was, key))}, should be ${shown(Reflect.get(now, key))}`,
    )
    .join(", ");
};

const ofSection = (
  kind: string,
  changes: readonly Change<unknown>[],
): readonly NetworkDifference[] =>
  changes.map(({ key, was, now }) => {
    if (was === undefined) return { kind, what: key, how: "missing" };
    if (now === undefined) return { kind, what: key, how: "unexpected" };
    // What of them may differ are keys, which nobody is told.
    if (kind === "associations") return { kind, what: key, how: "changed" };
    return { kind, what: key, how: "changed", detail: detailOf(was, now) };
  });

const ofFilters = (changes: readonly FilterChange[]): readonly NetworkDifference[] =>
  changes.map(({ family, now }) => ({
    kind: "filters",
    what: `${family} chain SKEIN-FORWARD`,
    how: now ? "changed" : "unexpected",
  }));

const element = ({ set, key }: SetElement): string => `element ${set} { ${key} }`;

const ofTable = (change: TableChange): readonly NetworkDifference[] => {
  const named = (what: string): string => `${change.family} ${what}`;
  const difference = (
    how: NetworkDifference["how"],
    what: string,
    detail?: string,
  ): NetworkDifference => ({
    kind: "tables",
    what: named(what),
    how,
    ...(detail === undefined ? {} : { detail }),
  });
  if (change.create) return [difference(change.drop ? "changed" : "missing", "table skein")];
  if (change.drop) return [difference("unexpected", "table skein")];
  const wanted = new Set(change.newElements.map(element));
  return [
    ...change.newSets.map(([name]) => difference("missing", `set ${name}`)),
    ...change.rules.map(([chain]) => difference("changed", `chain ${chain}`)),
    ...change.lostChains.map((chain) => difference("unexpected", `chain ${chain}`)),
    ...change.newElements.map((one) =>
      difference("missing", element(one), one.value === "" ? undefined : `should be ${one.value}`),
    ),
    ...change.lostElements
      .filter((one) => !wanted.has(element(one)))
      .map((one) => difference("unexpected", element(one))),
  ];
};

/** Names what a comparison of the kernel with the wanted state found, at most 200 things of it. */
export const describeChanges = (changes: KernelChanges): readonly NetworkDifference[] => {
  const { tables, filters, cut: _cut, ...sections } = changes;
  const all = [
    ...Object.entries(sections).flatMap(([kind, list]) => ofSection(kind, list)),
    ...ofFilters(filters),
    ...tables.flatMap(ofTable),
  ];
  return all.slice(0, MOST_TOLD);
};

/** `forwarding skx-1 02:42:0a:00:05:07: missing`, for people. */
export const differenceText = ({ kind, what, how, detail }: NetworkDifference): string =>
  `${kind} ${what}: ${how}${detail === undefined ? "" : ` (${detail})`}`;
