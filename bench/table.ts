// Prints results as a Markdown table.

/** One measurement. `peer` is empty when there is no figure of the reference. */
export interface Row {
  readonly what: string;
  readonly skein: string;
  readonly peer: string;
}

/** A duration for people. */
export const milliseconds = (ms: number): string =>
  ms < 10
    ? `${ms.toFixed(1)} ms`
    : ms < 1000
      ? `${Math.round(ms)} ms`
      : `${(ms / 1000).toFixed(1)} s`;

/** A size for people. */
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;

/** Lines of cells below a head, with columns as wide as their widest cell. */
export const grid = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (cells[at] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
};

/** The rows beside what the reference needs. */
export const table = (rows: readonly Row[]): string =>
  grid(
    ["", "Skein", "SwarmKit"],
    rows.map(({ what, skein, peer }) => [what, skein, peer]),
  );
