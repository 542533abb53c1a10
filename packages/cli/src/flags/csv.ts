/**
 * The fields of one CSV record, with double quotes where a value holds a comma. Throws with the
 * words that Docker users know.
 */
export const parseCsv = (text: string): readonly string[] => {
  if (text === "") throw new Error("EOF");
  const fields: string[] = [];
  let position = 0;
  for (;;) {
    if (text[position] === '"') {
      const { value, end } = quoted(text, position);
      fields.push(value);
      position = end;
    } else {
      const comma = text.indexOf(",", position);
      const end = comma < 0 ? text.length : comma;
      const field = text.slice(position, end);
      const quote = field.indexOf('"');
      if (quote >= 0) throw bare(position + quote);
      fields.push(field);
      position = end;
    }
    if (position >= text.length) return fields;
    position += 1;
  }
};

const bare = (index: number): Error =>
  new Error(`parse error on line 1, column ${index + 1}: bare " in non-quoted-field`);

const quoted = (text: string, start: number): { value: string; end: number } => {
  let value = "";
  let position = start + 1;
  for (;;) {
    const close = text.indexOf('"', position);
    if (close < 0)
      throw new Error(
        `parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`,
      );
    value += text.slice(position, close);
    position = close + 1;
    if (text[position] !== '"') break;
    value += '"';
    position += 1;
  }
  if (position < text.length && text[position] !== ",")
    throw new Error(
      `parse error on line 1, column ${position}: extraneous or missing " in quoted-field`,
    );
  return { value, end: position };
};

/** `key=value` cut at the first `=`; value is undefined when there is none. */
export const cut = (text: string): readonly [key: string, value: string | undefined] => {
  const index = text.indexOf("=");
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
};

/** `["a=1", "b"]` to `{ a: "1", b: "" }`; the last one of a key wins. */
export const toMap = (entries: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    entries.map((entry) => {
      const [key, value] = cut(entry);
      return [key, value ?? ""];
    }),
  );
