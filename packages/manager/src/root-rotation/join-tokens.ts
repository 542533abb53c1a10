import type { Random } from "@skein/base";
import { toBase36 } from "@skein/base";

/** Bytes of a token's secret, and its digits in base 36 (behaviour.md, 18.2). */
const SECRET_BYTES = 16;
const SECRET_LENGTH = 25;

const newSecret = (random: Random): string =>
  toBase36(random.bytes(SECRET_BYTES)).padStart(SECRET_LENGTH, "0");

/** The same token with a new secret: the digest of the root stays. */
export const withNewSecret = (token: string, random: Random): string =>
  [...token.split("-").slice(0, 3), newSecret(random)].join("-");

/** A new token for the root with this digest. */
export const newTokenFor = (digest: string, random: Random): string =>
  `SWMTKN-1-${digest}-${newSecret(random)}`;
