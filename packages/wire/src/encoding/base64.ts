const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values: ReadonlyMap<string, number> = new Map(
  ALPHABET.split("").map((character, value) => [character, value]),
);

const isPlain = (text: string): boolean =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

/**
 * The offset at which Go's decoder of standard, padded base64 finds fault with the text, or
 * undefined when it is well formed. Line breaks are allowed anywhere.
 */
export const base64ProblemAt = (text: string): number | undefined => {
  if (isPlain(text)) return undefined;
  const isBreak = (index: number): boolean => text[index] === "\n" || text[index] === "\r";
  const skipBreaks = (index: number): number => {
    while (isBreak(index)) index++;
    return index;
  };
  let index = 0;
  for (;;) {
    for (let digit = 0; digit < 4;) {
      if (index === text.length) return digit === 0 ? undefined : index - digit;
      const character = text[index++] ?? "";
      if (character === "\n" || character === "\r") continue;
      if (values.has(character)) {
        digit++;
        continue;
      }
      if (character !== "=" || digit < 2) return index - 1;
      index = skipBreaks(index);
      if (digit === 2) {
        if (index === text.length) return text.length;
        if (text[index] !== "=") return index - 1;
        index = skipBreaks(index + 1);
      }
      return index < text.length ? index : undefined;
    }
  }
};

/** The spelling that an encoder would choose: no line breaks, no stray bits at the end. */
export const canonicalBase64 = (text: string): string => {
  const joined = text.replace(/[\r\n]/g, "");
  return joined.slice(0, -4) + encodeBase64(decodeBase64(joined.slice(-4)));
};

/** Standard base64 with padding. */
export const encodeBase64 = (bytes: Uint8Array): string => {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(index, index + 3);
    const group = (a << 16) | (b << 8) | c;
    for (let digit = 0; digit < 4; digit++)
      text += ALPHABET[(group >> (18 - 6 * digit)) & 63] ?? "";
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  return padding === 0 ? text : text.slice(0, -padding) + "=".repeat(padding);
};

/**
 * Reads standard or URL-safe base64, padded or not. Characters of neither alphabet are an error.
 * @throws Error when the text is no base64.
 */
export const decodeBase64 = (text: string): Uint8Array => {
  const digits = text.replace(/[\r\n]/g, "").replace(/=+$/, "");
  if (digits.length % 4 === 1) throw new Error("illegal base64 data");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let group = 0;
  let bits = 0;
  let at = 0;
  for (const character of digits) {
    const standard = character === "-" ? "+" : character === "_" ? "/" : character;
    const value = values.get(standard);
    if (value === undefined) throw new Error("illegal base64 data");
    group = ((group << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (group >> bits) & 0xff;
  }
  return bytes;
};
