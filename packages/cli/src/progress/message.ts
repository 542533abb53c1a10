/** How far something is: shown as a bar, on wide terminals only. */
export interface Bar {
  readonly current: number;
  readonly total: number;
  /** Also shows the counts, with this word. */
  readonly units?: string;
}

/** One thing to show: a line that later messages of the same id replace, or a plain line. */
export interface Message {
  /** The line's name; empty for a plain line. */
  readonly id: string;
  readonly text: string;
  readonly bar?: Bar;
  /** True for a line that stays: it ends the block of lines that are replaced. */
  readonly final?: true;
}
