import { OperationError } from "@skein/base";

const BILLION = 1_000_000_000n;

const syntax = (text: string, whole: string): never => {
  throw new OperationError(
    "unknown",
    `strconv.ParseInt: parsing ${JSON.stringify(text === "" ? whole : text)}: invalid syntax`,
  );
};

/**
 * A time of the API, `seconds[.fraction]` since the epoch, in nanoseconds; undefined for the empty
 * string. Refuses other text as the reference does: without an error class, so status 500.
 */
export const parseTimestamp = (text: string): bigint | undefined => {
  if (text === "") return undefined;
  const [seconds = "", fraction = "0"] = text.split(".", 2);
  if (!/^[+-]?[0-9]+$/.test(seconds)) return syntax(seconds, text);
  if (!/^[0-9]*$/.test(fraction)) return syntax(fraction, text);
  return BigInt(seconds) * BILLION + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
};
