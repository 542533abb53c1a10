const colours: Readonly<Record<string, string>> = {
  error: "\u001b[31m",
  warn: "\u001b[33m",
  info: "\u001b[32m",
  debug: "\u001b[90m",
};
const RESET = "\u001b[0m";

const show = (value: unknown): string =>
  typeof value === "string" && /^[^\s"=]+$/u.test(value) ? value : JSON.stringify(value);

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Turns one JSON log line into one for people: time of day, level, message, `name=value` facts. */
export const prettyLine = (line: string): string => {
  const parsed: unknown = JSON.parse(line);
  const { level, time, msg, ...facts } = Object.fromEntries(Object.entries(parsed ?? {}));
  const colour = colours[textOf(level)] ?? "";
  const named = Object.entries(facts).map(([name, value]) => `${name}=${show(value)}`);
  const head = `${textOf(time).slice(11, 23)} ${colour}${textOf(level).padEnd(5)}${RESET}`;
  return `${[head, textOf(msg), ...named].join(" ")}\n`;
};
