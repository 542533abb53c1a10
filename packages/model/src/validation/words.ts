/**
 * The word of a list that a request means, whatever the letters' case; the first choice when it says
 * nothing, undefined when it says something else.
 */
export const wordOf = <Word extends string>(
  text: string | undefined,
  words: readonly Word[],
  absent: Word,
): Word | undefined =>
  text === undefined || text === "" ? absent : words.find((word) => word === text.toLowerCase());
