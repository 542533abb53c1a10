/** What Go's encoder writes for characters that are special in HTML. */
const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * Indents JSON text by four blanks without reading its values, so that large numbers and escapes
 * stay as the daemon sent them.
 */
export const indentJson = (text: string): string => {
  let result = "";
  let depth = 0;
  const newline = (): string => `\n${"    ".repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      const empty = next === "}" || next === "]";
      depth += 1;
      result += empty ? token : token + newline();
    } else if (token === "}" || token === "]") {
      const previous = tokens[index - 1];
      depth -= 1;
      result += previous === "{" || previous === "[" ? token : newline() + token;
    } else if (token === ",") result += token + newline();
    else if (token === ":") result += ": ";
    else result += token;
  });
  return result;
};

/** JSON on one line as Go writes it: keys of `value` in the order they have. */
export const goJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (character) => ESCAPES[character] ?? "");
