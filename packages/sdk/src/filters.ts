/** Filters of a list: key to values. Values of one key are alternatives, keys add up. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** The `filters` query parameter, or undefined when there are none. */
export const encodeFilters = (filters: Filters | undefined): string | undefined => {
  const entries = Object.entries(filters ?? {}).filter(([, values]) => values.length > 0);
  if (entries.length === 0) return undefined;
  const encoded = entries.map(([key, values]) => [
    key,
    Object.fromEntries(values.map((value) => [value, true])),
  ]);
  return JSON.stringify(Object.fromEntries(encoded));
};
