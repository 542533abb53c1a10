const describe = (name: string, text: string, problem: string): Error =>
  new Error(`strconv.${name}: parsing ${JSON.stringify(text)}: ${problem}`);

const BASES: Readonly<Record<string, number>> = { "0x": 16, "0o": 8, "0b": 2 };

const digits = (text: string, base: number): bigint | undefined => {
  if (base !== 0) {
    const alphabet = "0123456789abcdef".slice(0, base);
    if (text === "" || Array.from(text.toLowerCase()).some((digit) => !alphabet.includes(digit)))
      return undefined;
    return Array.from(text.toLowerCase()).reduce(
      (sum, digit) => sum * BigInt(base) + BigInt(alphabet.indexOf(digit)),
      0n,
    );
  }
  const plain = /^[0-9a-zA-Z]+(_[0-9a-zA-Z]+)*$/.test(text) ? text.replaceAll("_", "") : text;
  const prefixed = BASES[plain.slice(0, 2).toLowerCase()];
  if (prefixed !== undefined) return digits(plain.slice(2), prefixed);
  if (plain.length > 1 && plain.startsWith("0")) return digits(plain.slice(1), 8);
  return digits(plain, 10);
};

/** How a whole number is written. Base 0 takes the prefixes `0x`, `0o`, `0b` and `0`. */
export interface IntegerFormat {
  readonly base?: 0 | 8 | 10;
  readonly bits?: 16 | 32 | 64;
}

/** A whole number that is not negative. Throws with the words that Docker users know. */
export const parseUnsigned = (
  text: string,
  { base = 0, bits = 64 }: IntegerFormat = {},
): number => {
  const value = digits(text, base);
  if (value === undefined) throw describe("ParseUint", text, "invalid syntax");
  if (value >= 2n ** BigInt(bits)) throw describe("ParseUint", text, "value out of range");
  return Number(value);
};

/** A whole number with a sign. Throws with the words that Docker users know. */
export const parseSigned = (text: string, name = "ParseInt"): number => {
  const sign = text.startsWith("-") ? -1n : 1n;
  const value = digits(text.replace(/^[+-]/, ""), 0);
  if (value === undefined) throw describe(name, text, "invalid syntax");
  if (value > 2n ** 63n - (sign > 0n ? 1n : 0n)) throw describe(name, text, "value out of range");
  return Number(sign * value);
};

/** A boolean as Go reads it: 1, t, T, TRUE, true, True and their opposites. */
export const parseBoolean = (text: string): boolean => {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw describe("ParseBool", text, "invalid syntax");
};

/** A decimal number, rounded to 32 bits as the API stores ratios. */
export const parseFloat32 = (text: string): number => {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text))
    throw describe("ParseFloat", text, "invalid syntax");
  // The shortest text that stands for the same 32-bit number is what Go would send.
  const rounded = Math.fround(Number(text));
  for (let precision = 1; precision < 9; precision += 1)
    if (Math.fround(Number(rounded.toPrecision(precision))) === rounded)
      return Number(rounded.toPrecision(precision));
  return rounded;
};

/** CPUs, e.g. `.25` or `1/2`, as 10^-9 CPUs. */
export const parseCpus = (text: string): number => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?(?:\/(\d+))?$/.exec(text);
  const [, sign, whole = "", fraction = "", exponent = "0", divisor] = match ?? [];
  const ratio = divisor !== undefined && (fraction !== "" || text.includes("e"));
  if (!match || whole + fraction === "" || ratio || divisor === "0")
    throw new Error(`failed to parse ${text} as a rational number`);
  const shift = Number(exponent) - fraction.length + 9;
  const numerator = BigInt(whole + fraction) * 10n ** BigInt(Math.max(shift, 0));
  const denominator = BigInt(divisor ?? 1) * 10n ** BigInt(Math.max(-shift, 0));
  if (numerator % denominator !== 0n) throw new Error("value is too precise");
  return Number(numerator / denominator) * (sign === "-" ? -1 : 1);
};

const SIZE_LETTERS = "kmgtp";

/** Bytes, e.g. `512`, `64m`, `1.5GB`, `2 GiB`; units are powers of 1024. */
export const parseBytes = (text: string): number => {
  const [, number = "", suffix = ""] = /^(.*[\d. ])([^\d. ]*)$/.exec(text) ?? [];
  if (number === "") throw new Error(`invalid size: '${text}'`);
  const size = number.replace(/ $/, "");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(size)) throw describe("ParseFloat", size, "invalid syntax");
  if (size.startsWith("-")) throw new Error(`invalid size: '${text}'`);
  const unit = suffix.toLowerCase();
  if (!/^(b|[kmgtp](i?b)?)?$/.test(unit)) throw new Error(`invalid suffix: '${unit}'`);
  return Math.trunc(Number(size) * 1024 ** (SIZE_LETTERS.indexOf(unit.charAt(0) || "b") + 1));
};
