const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const LARGEST = 2n ** 63n - 1n;

const part = (number: string, unit: bigint): bigint => {
  const [whole = "", fraction = ""] = number.split(".");
  const digits = fraction.slice(0, 18);
  return (
    BigInt(whole || "0") * unit + (BigInt(digits || "0") * unit) / 10n ** BigInt(digits.length)
  );
};

/** A duration in Go's syntax, e.g. `300ms`, `-1.5h`, `2h45m`, in nanoseconds. */
export const parseDuration = (text: string): number => {
  const invalid = new Error(`time: invalid duration ${JSON.stringify(text)}`);
  const body = text.replace(/^[+-]/, "");
  if (body === "0") return 0;
  if (body === "") throw invalid;
  let sum = 0n;
  let rest = body;
  while (rest !== "") {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) throw invalid;
    const unit = /^[^.\d]*/.exec(rest.slice(number.length))?.[0] ?? "";
    if (unit === "") throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const scale = NANOSECONDS[unit];
    if (scale === undefined)
      throw new Error(
        `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`,
      );
    sum += part(number, scale);
    rest = rest.slice(number.length + unit.length);
  }
  if (sum > LARGEST) throw invalid;
  return Number(text.startsWith("-") ? -sum : sum);
};

/** As {@link parseDuration}, but not below zero. */
export const parsePositiveDuration = (text: string): number => {
  const value = parseDuration(text);
  if (value < 0) throw new Error("duration cannot be negative");
  return value;
};

const seconds = (value: number): string => {
  const whole = Math.trunc(value / 1e9);
  const fraction = String(Math.round(value - whole * 1e9)).padStart(9, "0");
  return `${whole}.${fraction}`.replace(/\.?0+$/, "");
};

const decimal = (value: number, unit: string): string =>
  `${String(Number(value.toPrecision(15)))}${unit}`;

/** A duration as Go prints it, e.g. `2160h0m0s`, `1.5s`, `300ms`, `0s`. */
export const formatDuration = (nanoseconds: number): string => {
  if (nanoseconds < 0) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return decimal(nanoseconds / 1e3, "µs");
  if (nanoseconds < 1e9) return decimal(nanoseconds / 1e6, "ms");
  const minutes = Math.floor(nanoseconds / 60e9);
  const rest = nanoseconds - minutes * 60e9;
  const tail = rest < 1e9 ? (rest === 0 ? "0" : seconds(rest) || "0") : seconds(rest);
  if (minutes === 0) return `${tail}s`;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${tail}s` : `${hours}h${minutes % 60}m${tail}s`;
};
