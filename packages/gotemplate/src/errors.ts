import { typeName } from "./value.ts";

/** Thrown by a function whose argument has the wrong type; reported without the function's name. */
export class WrongType extends Error {
  constructor(expected: string, value: unknown) {
    super(
      value === null || value === undefined
        ? `invalid value; expected ${expected}`
        : `wrong type for value; expected ${expected}; got ${typeName(value)}`,
    );
    this.name = "WrongType";
  }
}

/** The argument as a string, for functions that take one. */
export const requireString = (value: unknown): string => {
  if (typeof value !== "string") throw new WrongType("string", value);
  return value;
};

/** The argument as an integer. */
export const requireInteger = (value: unknown): number => {
  if (typeof value !== "number" || !Number.isInteger(value)) throw new WrongType("int", value);
  return value;
};
