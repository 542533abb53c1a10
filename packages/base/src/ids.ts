import type { Random } from "./random.ts";

/** Characters in an object id, node id or session id (behaviour.md, section 1). */
export const ID_LENGTH = 25;

/** The number that `bytes` spell, most significant first, in base 36. */
export const toBase36 = (bytes: Uint8Array): string => {
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  return value.toString(36);
};

/**
 * A new id: 17 random bytes with the top bit set, in base 36, without the leading character;
 * always 25 characters of [0-9a-z].
 */
export const newId = (random: Random): string => {
  const bytes = random.bytes(17);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return toBase36(bytes).slice(1, 1 + ID_LENGTH);
};
