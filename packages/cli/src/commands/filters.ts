import type { Filters } from "@skein/sdk";

/** Filters of the API from `--filter` flags, in the order in which they were given. */
export const toFilters = (
  given: readonly (readonly [key: string, value: string] | undefined)[],
): Filters => {
  const filters: Record<string, string[]> = {};
  for (const entry of given) if (entry) (filters[entry[0]] ??= []).push(entry[1]);
  return filters;
};
