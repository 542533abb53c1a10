/** Letters by which a line may exceed the limit, so that no short word stands alone. */
const SLOP = 5;

/** Narrower texts than this are put below their name, or not wrapped at all. */
const LEAST_WIDTH = 24;

/** Where texts go that have no room beside their name. */
const BELOW_INDENT = 16;

const take = (limit: number, text: string): readonly [line: string, rest: string] => {
  if (limit + SLOP > text.length) return [text, ""];
  const head = text.slice(0, limit);
  const space = Math.max(head.lastIndexOf(" "), head.lastIndexOf("\t"), head.lastIndexOf("\n"));
  if (space <= 0) return [text, ""];
  const newline = head.lastIndexOf("\n");
  const end = newline > 0 && newline < space ? newline : space;
  return [text.slice(0, end), text.slice(end + 1)];
};

/**
 * Wraps a flag's description that starts in column `indent` of a page `width` columns wide, as
 * Docker's help does. The first line carries no indent.
 */
export const wrapText = (indent: number, width: number, text: string): string => {
  let margin = indent;
  let result = "";
  if (width - margin < LEAST_WIDTH) {
    margin = BELOW_INDENT;
    result = `\n${" ".repeat(margin)}`;
  }
  if (width - margin < LEAST_WIDTH) return text.replaceAll("\n", result);
  const newline = `\n${" ".repeat(margin)}`;
  const limit = width - margin - SLOP;
  let [line, rest] = take(limit, text);
  result += line.replaceAll("\n", newline);
  while (rest !== "") {
    [line, rest] = take(limit, rest);
    result += newline + line.replaceAll("\n", newline);
  }
  return result;
};
