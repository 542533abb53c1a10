/** What the comparison of one area counted. */
export interface AreaScore {
  readonly area: string;
  readonly same: number;
  /** Equal but for null, empty and absent. */
  readonly near: number;
  readonly differ: number;
  readonly skipped: number;
}

const COLUMNS = ["same", "near", "differ", "skipped"] as const;

/** One line for each area, and their sum, with the share of answers that are the same or near. */
export const scoreTable = (scores: readonly AreaScore[]): string => {
  const sum = (column: (typeof COLUMNS)[number]): number =>
    scores.reduce((total, score) => total + score[column], 0);
  const total = {
    area: "total",
    same: sum("same"),
    near: sum("near"),
    differ: sum("differ"),
    skipped: sum("skipped"),
  };
  const line = (score: AreaScore): string => {
    const all = COLUMNS.reduce((count, column) => count + score[column], 0);
    const good = all === 0 ? "-" : `${((100 * (score.same + score.near)) / all).toFixed(1)} %`;
    const cells = COLUMNS.map((column) => String(score[column]).padStart(8));
    return `${score.area.padEnd(12)}${cells.join("")}${good.padStart(10)}\n`;
  };
  const head = `${"area".padEnd(12)}${COLUMNS.map((column) => column.padStart(8)).join("")}${"good".padStart(10)}\n`;
  return [head, ...scores.map(line), line(total)].join("");
};
