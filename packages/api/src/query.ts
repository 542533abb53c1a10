import { OperationError } from "@skein/base";

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
};

const quote = (text: string): string => JSON.stringify(text);

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falsehoods = new Set(["0", "f", "F", "FALSE", "false", "False"]);
const MAX_UINT64 = 2n ** 64n - 1n;

/** The query of a request. Of a repeated key the first value counts, as in the reference. */
export class Query {
  readonly #values = new Map<string, string>();

  constructor(text: string) {
    for (const part of text.split("&")) {
      const at = part.indexOf("=");
      const key = decode(at < 0 ? part : part.slice(0, at));
      if (key !== "" && !this.#values.has(key))
        this.#values.set(key, at < 0 ? "" : decode(part.slice(at + 1)));
    }
  }

  /** The value, or the empty string. */
  text(key: string): string {
    return this.#values.get(key) ?? "";
  }

  /** Lenient, as most of the API's flags are: everything but ``, 0, no, false and none is true. */
  flag(key: string): boolean {
    return !["", "0", "no", "false", "none"].includes(this.text(key).trim().toLowerCase());
  }

  /** Go's strconv.ParseBool; absent is false. The message has Go's reason in it unless `brief`. */
  strictFlag(key: string, words: "detailed" | "brief" = "detailed"): boolean {
    const value = this.text(key);
    if (value === "" || falsehoods.has(value)) return false;
    if (truths.has(value)) return true;
    const reason = `: strconv.ParseBool: parsing ${quote(value)}: invalid syntax`;
    throw new OperationError(
      "invalid-parameter",
      `invalid value for ${key}: ${value}${words === "detailed" ? reason : ""}`,
    );
  }

  /** The `version` of an update. `what` names the object; `detailed` as the reference words it. */
  version(what: string, detailed: boolean): number {
    const value = this.text("version");
    const problem = /^[0-9]+$/.test(value)
      ? BigInt(value) > MAX_UINT64 && "value out of range"
      : "invalid syntax";
    if (problem === false) return Number(value);
    const reason = ` '${value}': strconv.ParseUint: parsing ${quote(value)}: ${problem}`;
    throw new OperationError(
      "invalid-parameter",
      `invalid ${what} version${detailed ? reason : ""}`,
    );
  }
}
