import type { AnyFlag } from "./flag.ts";
import { wrapText } from "./wrap.ts";

/** The width of help where no terminal says otherwise. */
const DEFAULT_WIDTH = 80;

/** The least width of the first column of {@link listing}. */
const NAME_WIDTH = 11;

/** Two columns, the first padded to its widest entry. */
export const listing = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(NAME_WIDTH, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)} ${text}\n`).join("");
};

/** A page of help from its parts; empty parts are left out. */
export const page = (parts: readonly string[]): string =>
  parts.filter((part) => part !== "").join("\n");

/** The usage of each flag, sorted by name, wrapped to the terminal's width. */
export const flagUsages = (flags: readonly AnyFlag[], columns: number = DEFAULT_WIDTH): string => {
  const rows = flags
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, short, type, description, fallback }) => {
      const dash = short === undefined ? "      --" : `  -${short}, --`;
      const value = type === "" ? "" : ` ${type}`;
      const more = fallback === undefined ? "" : ` (default ${fallback})`;
      return [`${dash}${name}${value}`, `${description}${more}`] as const;
    });
  const widest = Math.max(0, ...rows.map(([head]) => head.length));
  return rows
    .map(([head, text]) => {
      const filler = " ".repeat(widest - head.length);
      // Two blanks stand between the widest name and the text, one more is counted in the margin.
      return `${head}${filler}   ${wrapText(widest + 3, columns - 1, text)}\n`;
    })
    .join("");
};
