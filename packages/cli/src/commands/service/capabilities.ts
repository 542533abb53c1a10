/** All capabilities. */
const ALL = "ALL";
/** On update: forget what was added or dropped before. */
const RESET = "RESET";

const normalize = (name: string): string => {
  const capability = name.trim().toUpperCase();
  const known = capability === ALL || capability === RESET || capability.startsWith("CAP_");
  return known ? capability : `CAP_${capability}`;
};

const toSet = (names: readonly string[] | undefined): Set<string> =>
  new Set((names ?? []).map(normalize));

/** `ALL` makes the others superfluous. */
const toList = (names: ReadonlySet<string>): readonly string[] =>
  names.has(ALL) ? [ALL] : [...names].toSorted();

/** What a container may do beyond the default, and what less. */
export interface Capabilities {
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

/** The capabilities of a new service. What is both added and dropped is added. */
export const newCapabilities = (add: readonly string[], drop: readonly string[]): Capabilities => {
  const added = new Set(toList(toSet(add)));
  const dropped = toList(toSet(drop)).filter((name) => !added.has(name) && name !== RESET);
  return { add: [...added].filter((name) => name !== RESET), drop: dropped };
};

/**
 * The capabilities of a service after an update. Adding one that was dropped only takes it off
 * that list, and the other way round; the next update adds it.
 */
export const changeCapabilities = (
  present: Capabilities,
  add: readonly string[],
  drop: readonly string[],
): Capabilities => {
  const toAdd = toSet(add);
  const toDrop = toSet(drop);
  const added = toAdd.delete(RESET) ? new Set<string>() : toSet(present.add);
  const dropped = toDrop.delete(RESET) ? new Set<string>() : toSet(present.drop);
  for (const name of toDrop) if (!toAdd.has(name) && !added.delete(name)) dropped.add(name);
  for (const name of toAdd) if (!dropped.delete(name)) added.add(name);
  return { add: toList(added), drop: toList(dropped) };
};
