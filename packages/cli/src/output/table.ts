import { displayWidth } from "./units.ts";

/** A column is never narrower than this, and this far from the next. */
const LEAST_WIDTH = 10;
const PADDING = 3;

/**
 * Lines up cells that are separated by tabs, as Docker's tables do. The last cell of a line is not
 * padded. A column ends where a line has no cell in it, so that texts with several lines per row
 * line up too.
 */
export const alignTabs = (text: string): string => {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const widths = lines.map((): number[] => []);
  const layOut = (from: number, to: number, column: number): void => {
    for (let line = from; line < to; line += 1) {
      if (column >= (lines[line]?.length ?? 0) - 1) continue;
      let end = line;
      let width = LEAST_WIDTH;
      while (end < to && column < (lines[end]?.length ?? 0) - 1) {
        width = Math.max(width, displayWidth(lines[end]?.[column] ?? "") + PADDING);
        end += 1;
      }
      for (let inside = line; inside < end; inside += 1) widths[inside]?.push(width);
      layOut(line, end, column + 1);
      line = end - 1;
    }
  };
  layOut(0, lines.length, 0);
  return lines
    .map((cells, line) =>
      cells
        .map((cell, column) => {
          const width = widths[line]?.[column];
          return width === undefined ? cell : cell + " ".repeat(width - displayWidth(cell));
        })
        .join(""),
    )
    .join("\n");
};
