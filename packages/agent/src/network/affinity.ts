import { hash32 } from "./digest.ts";

const SLOTS_MIN = 256;
const SLOTS_MAX = 4_096;
/** With so many slots for each backend, none gets much more than its share. */
const SLOTS_PER_BACKEND = 16;

const slotCount = (backends: number): number => {
  let slots = SLOTS_MIN;
  while (slots < backends * SLOTS_PER_BACKEND && slots < SLOTS_MAX) slots *= 2;
  return slots;
};

/**
 * Which backend each slot of a client-affine port has, by highest random weight: when a backend goes,
 * only its own clients move; when one comes, it takes an equal part of each other's. The same on all
 * nodes. There must be at least one backend.
 */
export const affinitySlots = (backends: readonly string[]): readonly string[] =>
  Array.from({ length: slotCount(backends.length) }, (_, slot) => {
    let best = "";
    let highest = -1;
    for (const backend of backends) {
      const weight = hash32(`${slot} ${backend}`);
      if (weight > highest || (weight === highest && backend < best)) {
        best = backend;
        highest = weight;
      }
    }
    return best;
  });
