import { OperationError } from "@skein/base";
import type { Random } from "@skein/base";

const PREFIX = "SWMKEY-1-";
const KEY_BYTES = 32;
const ENCODED = /^SWMKEY-1-([A-Za-z0-9+/]{43})$/u;

/** 32 random bytes: what a locked manager needs to read its own disk. */
export const newUnlockKey = (random: Random): Uint8Array => random.bytes(KEY_BYTES);

/** `SWMKEY-1-<43 characters>`: standard base64 without padding. */
export const formatUnlockKey = (key: Uint8Array): string =>
  PREFIX + Buffer.from(key).toString("base64").replace(/=+$/u, "");

/** Reads an unlock key. Throws (kind `invalid-parameter`) `invalid key string`, as Docker does. */
export const parseUnlockKey = (text: string): Uint8Array => {
  const encoded = ENCODED.exec(text.trim())?.[1];
  if (encoded === undefined) throw new OperationError("invalid-parameter", "invalid key string");
  return new Uint8Array(Buffer.from(encoded, "base64"));
};
