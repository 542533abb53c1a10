/** A JSON object whose fields are not known in advance. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether it is an object, and no list. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object in the field, or an empty one. */
export const objectIn = (value: unknown, field: string): JsonObject => {
  const found = isObject(value) ? value[field] : undefined;
  return isObject(found) ? found : {};
};

/** The text in the field, or the empty text. */
export const textIn = (value: unknown, field: string): string => {
  const found = isObject(value) ? value[field] : undefined;
  return typeof found === "string" ? found : "";
};

/** The texts of the list in the field. */
export const textsIn = (value: unknown, field: string): readonly string[] => {
  const found = isObject(value) ? value[field] : undefined;
  return Array.isArray(found)
    ? found.filter((one: unknown): one is string => typeof one === "string")
    : [];
};

/** The text as JSON; undefined when it is something else. */
export const parsed = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
};
