/** An object of the API while it is put together: any field may be missing. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === "" ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0);

/**
 * Leaves out fields whose value stands for "not given": undefined, empty text, 0, false and empty
 * lists. Objects stay, also empty ones.
 */
export const omitEmpty = <T>(fields: Loose<T>): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value))) as T;
