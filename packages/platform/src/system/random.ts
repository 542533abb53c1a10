import { randomBytes, randomInt } from "node:crypto";
import type { Random } from "@skein/base";

/** Mantissa of a double: the most bits that a number in [0, 1) can hold evenly. */
const BITS_53 = 2 ** 53;

const next = (): number => {
  const bytes = randomBytes(8);
  return (bytes.readUInt32LE(0) * 2 ** 21 + (bytes.readUInt32LE(4) >>> 11)) / BITS_53;
};

/** The operating system's randomness. `integer` takes limits up to 2^48. */
export const systemRandom: Random = {
  next,
  integer: (limit) => (limit <= 1 ? 0 : randomInt(limit)),
  bytes: (length) => new Uint8Array(randomBytes(length)),
  fork: () => systemRandom,
};
