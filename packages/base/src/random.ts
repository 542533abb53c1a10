/** Randomness as a dependency. Every id, jitter and tie-break comes from one of these. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, limit). */
  integer(limit: number): number;
  /** `length` random bytes. Cryptographically strong in the daemon, seeded in the simulation. */
  bytes(length: number): Uint8Array;
  /** An independent stream named `name`: draws from it do not shift the others. */
  fork(name: string): Random;
}

const hash = (text: string): number => {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
};

/**
 * A seeded generator (mulberry32): the same seed gives the same series on every machine.
 * For tests and simulation only; it is not cryptographic.
 */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const integer = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    integer,
    bytes: (length) => Uint8Array.from({ length }, () => integer(256)),
    fork: (name) => seededRandom((seed ^ hash(name)) >>> 0),
  };
};
