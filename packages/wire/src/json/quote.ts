const escapes: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
};

const hex = (code: number): string => code.toString(16).padStart(2, "0");

/**
 * The character at `index` as Go's encoding/json names it in error texts: in single quotes. Go looks
 * at bytes, so a character beyond ASCII shows as the Latin-1 reading of its first UTF-8 byte.
 */
export const quoteCharacter = (text: string, index: number): string => {
  const code = text.codePointAt(index) ?? 0;
  const character = String.fromCodePoint(code);
  const escaped = escapes[character];
  if (escaped !== undefined) return `'${escaped}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${hex(code)}'`;
  if (code < 0x80) return `'${character}'`;
  const firstByte = new TextEncoder().encode(character)[0] ?? 0;
  return `'${String.fromCodePoint(firstByte)}'`;
};
