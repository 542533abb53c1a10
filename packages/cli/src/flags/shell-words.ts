/**
 * Splits a line into words as a POSIX shell would, with quotes, backslashes and comments but
 * nothing expanded. Throws when a quote or a backslash has no end.
 */
export const splitWords = (line: string): readonly string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let position = 0;
  const next = (): string | undefined => line[position++];
  for (let character = next(); character !== undefined; character = next()) {
    if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "#" && word === undefined) {
      const end = line.indexOf("\n", position);
      position = end < 0 ? line.length : end + 1;
    } else if (character === "\\") {
      const escaped = next();
      if (escaped === undefined) throw new Error("EOF found after escape character");
      word = (word ?? "") + escaped;
    } else if (character === "'") {
      const end = line.indexOf("'", position);
      if (end < 0) throw new Error("EOF found when expecting closing quote");
      word = (word ?? "") + line.slice(position, end);
      position = end + 1;
    } else if (character === '"') {
      word = (word ?? "") + doubleQuoted();
    } else word = (word ?? "") + character;
  }
  if (word !== undefined) words.push(word);
  return words;

  function doubleQuoted(): string {
    let text = "";
    for (let inner = next(); inner !== '"'; inner = next()) {
      if (inner === undefined) throw new Error("EOF found when expecting closing quote");
      if (inner !== "\\") text += inner;
      else {
        const escaped = next();
        if (escaped === undefined) throw new Error("EOF found after escape character");
        text += escaped;
      }
    }
    return text;
  }
};
