import { randomBytes, randomInt } from "node:crypto";
import type { Random } from "@skein/base";

/** Real randomness, as the daemon has it. */
export const systemRandom: Random = {
  next: () => randomInt(2 ** 32) / 2 ** 32,
  integer: (limit) => randomInt(limit),
  bytes: (length) => new Uint8Array(randomBytes(length)),
  fork: () => systemRandom,
};
