import type { Context } from "../command/spec.ts";
import { goJson } from "./json.ts";
import { alignTabs } from "./table.ts";

/** A row: what each name in a template stands for. */
export type Fields = Readonly<Record<string, string | boolean>>;

/** How a kind of object is listed. */
export interface Listing {
  /** The Go type that templates see, as Docker's errors name it. */
  readonly type: string;
  /** The heading of each field. */
  readonly headers: Readonly<Record<string, string>>;
  /** The cells of the default table, from a row or from the headings. */
  readonly cells: (fields: Fields) => readonly string[];
  /** What `raw` shows: label and field. */
  readonly raw: readonly (readonly [label: string, field: string])[];
}

/** How the user wants a list. */
export interface ListStyle {
  /** `--format`; empty for the table. */
  readonly format: string;
  /** `-q`: ids only. */
  readonly quiet: boolean;
}

const sorted = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));

const rawText = (listing: Listing, quiet: boolean, fields: Fields): string => {
  const shown = quiet ? listing.raw.slice(0, 1) : listing.raw;
  const lines = shown.map(([label, field]) => `${label}: ${String(fields[field] ?? "")}\n`);
  return quiet ? lines.join("") : `${lines.join("")}\n`;
};

const plainTable = (listing: Listing, rows: readonly Fields[]): string =>
  alignTabs([listing.headers, ...rows].map((row) => `${listing.cells(row).join("\t")}\n`).join(""));

/** The text of a list. Throws CommandError for a template that is wrong. */
export const formatList = async (
  listing: Listing,
  rows: readonly Fields[],
  { format, quiet }: ListStyle,
): Promise<string> => {
  if (format === "" || format === "table")
    return quiet ? rows.map((row) => `${String(row["ID"])}\n`).join("") : plainTable(listing, rows);
  if (format === "json") return rows.map((row) => `${goJson(sorted(row))}\n`).join("");
  if (format === "raw") return rows.map((row) => rawText(listing, quiet, row)).join("");
  const { compileTemplate, goStruct } = await import("./template.ts");
  const toStruct = (row: Fields): unknown => goStruct(listing.type, sorted(row));
  const isTable = format.startsWith("table");
  const source = isTable ? format.slice("table".length) : format;
  const template = compileTemplate(source);
  const text = rows.map((row) => `${template.execute(toStruct(row))}\n`).join("");
  if (!isTable) return text;
  const heading = compileTemplate(source, "headings").execute(listing.headers);
  return alignTabs(`${heading}\n${text}`);
};

/** Writes a list to stdout. */
export const printList = async (
  context: Context,
  listing: Listing,
  rows: readonly Fields[],
  style: ListStyle,
): Promise<void> => {
  context.out(await formatList(listing, rows, style));
};
