import type { Bar, Message } from "./message.ts";

/** Bars are left out on terminals that are not wider than this. */
const NARROW = 110;
const BAR_WIDTH = 50;

const up = (lines: number): string => `\u001b[${lines}A`;
const down = (lines: number): string => `\u001b[${lines}B`;
const CLEAR_LINE = "\u001b[2K";

const barText = ({ current, total, units }: Bar, columns: number): string => {
  if (current <= 0 && total <= 0) return "";
  const done = total <= 0 ? 0 : Math.min(Math.trunc(((current / total) * 100) / 2), BAR_WIDTH);
  const box = columns > NARROW ? `[${"=".repeat(done)}>${" ".repeat(BAR_WIDTH - done)}] ` : "";
  return box + (units === undefined ? "" : `${current}/${total} ${units}`);
};

/** Turns messages into text for the output. It remembers which lines it has drawn. */
export type Display = (message: Message) => string;

/** For a terminal: a line per id, drawn over when it changes. */
export const terminalDisplay = (columns: () => number): Display => {
  let drawn: string[] = [];
  return ({ id, text, bar, final }) => {
    if (final) {
      drawn = [];
      return `${id === "" ? "" : `${id}: `}${text}\n`;
    }
    const fresh = !drawn.includes(id);
    if (fresh) drawn.push(id);
    const distance = drawn.length - drawn.indexOf(id);
    const line = `${id}: ${text} ${bar ? barText(bar, columns()) : ""}`;
    const start = fresh ? "\n" : "";
    return `${start}${up(distance)}${CLEAR_LINE}\r${line}\r${down(distance)}`;
  };
};

/**
 * For files and pipes: a line per message. Bars are left out, and so is what the last line of the
 * same id said already.
 */
export const plainDisplay = (): Display => {
  const said = new Map<string, string>();
  return ({ id, text, bar, final }) => {
    if (bar && barText(bar, Number.MAX_SAFE_INTEGER) !== "") return "";
    if (!final && said.get(id) === text) return "";
    said.set(id, text);
    return `${id === "" ? "" : `${id}: `}${text}\n`;
  };
};
