/** FNV-1a over the text's UTF-16 units, with a last mix so that similar texts differ in all bits. */
export const hash32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** A short mark by which a text is known again. No protection against intent. */
export const digest = (text: string): string => hash32(text).toString(16).padStart(8, "0");
