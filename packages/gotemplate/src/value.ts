/** Names the Go type of an object: with it, an object is a struct, and its fields are all there are. */
const goType: unique symbol = Symbol("goType");

/** A struct of the given Go type, e.g. `*template.Context`. Functions among its fields are methods. */
export const struct = <Fields extends object>(
  type: string,
  fields: Fields,
): Fields & { readonly [goType]: string } => ({ ...fields, [goType]: type });

/** Marks a pointer that points at nothing. */
const isNil: unique symbol = Symbol("isNil");

/** A nil pointer to a Go type: false, `<nil>` when printed, and an error when a field is asked for. */
export const nilPointer = (type: string): object => ({
  [goType]: `*${type}`,
  [isNil]: true,
  toJSON: () => null,
});

/** An object of any kind. */
export type ObjectValue = Readonly<Record<string | symbol, unknown>>;

/** Whether the value has named entries: a struct or a map. */
export const isObject = (value: unknown): value is ObjectValue =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether the value is a {@link nilPointer}. */
export const isNilPointer = (value: unknown): boolean => isObject(value) && value[isNil] === true;

/** The Go type of a struct, undefined for everything else. */
export const structType = (value: unknown): string | undefined => {
  const type = isObject(value) ? value[goType] : undefined;
  return typeof type === "string" ? type : undefined;
};

/** The name of a value's type as Go would give it. */
export const typeName = (value: unknown): string => {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64";
  if (typeof value === "boolean") return "bool";
  if (Array.isArray(value)) return "[]interface {}";
  if (isObject(value)) return structType(value) ?? "map[string]interface {}";
  return typeof value === "function" ? "func" : typeof value;
};

/** Whether `if`, `with`, `and`, `or` and `not` take the value for true. */
export const isTrue = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.length > 0;
  if (isNilPointer(value)) return false;
  if (isObject(value)) return structType(value) !== undefined || Object.keys(value).length > 0;
  return Boolean(value);
};

/** A number as Go's `%v` writes it. */
export const formatNumber = (value: number): string => {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  const [mantissa = "", exponent] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 21) return String(value);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
};

/** A value as Go's `%v` writes it: `[a b]`, `map[k:v]`, `{a b}`, `<nil>`. */
export const format = (value: unknown): string => {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map(format).join(" ")}]`;
  if (isNilPointer(value)) return "<nil>";
  if (!isObject(value))
    return typeof value === "string" || typeof value === "boolean" ? String(value) : "func";
  const type = structType(value);
  if (type === undefined) {
    const keys = Object.keys(value).toSorted();
    return `map[${keys.map((key) => `${key}:${format(value[key])}`).join(" ")}]`;
  }
  // Go's fmt.Stringer: a type that knows its own text.
  if (typeof value["String"] === "function") return String(value["String"]());
  const fields = Object.values(value).filter((field) => typeof field !== "function");
  return `${type.startsWith("*") ? "&" : ""}{${fields.map(format).join(" ")}}`;
};
