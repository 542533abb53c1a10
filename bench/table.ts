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

/** The rows, with columns as wide as their widest cell. */
export const table = (rows: readonly Row[]): string => {
  const head: Row = { what: "", skein: "Skein", peer: "SwarmKit" };
  const keys = ["what", "skein", "peer"] as const;
  const widths = keys.map((key) => Math.max(...[head, ...rows].map((row) => row[key].length)));
  const line = (row: Row): string =>
    `| ${keys.map((key, i) => row[key].padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
};
