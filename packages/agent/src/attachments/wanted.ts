import type { WantedAttachment, WantedPlace } from "@skein/model";
import type { PlainContainer } from "./ports.ts";

/** What the engine's containers need. One that has ended, and will not start by itself, needs nothing. */
export const wantedOf = (containers: readonly PlainContainer[]): readonly WantedAttachment[] =>
  containers
    .filter(({ mayRun, places }) => mayRun && places.length > 0)
    .map(({ id, name, places }) => ({ id, name, networks: places }));

const joined = (
  had: readonly WantedPlace[],
  more: readonly WantedPlace[],
): readonly WantedPlace[] => {
  const replaced = new Set(more.map(({ networkId }) => networkId));
  return [...had.filter(({ networkId }) => !replaced.has(networkId)), ...more];
};

/**
 * What the engine's containers need, with what is about to be: containers that are being made, started,
 * or put on further networks. What is asked for now goes before what was noted.
 */
export const withHolds = (
  containers: readonly WantedAttachment[],
  holds: readonly WantedAttachment[],
): readonly WantedAttachment[] => {
  const all = new Map(containers.map((one) => [one.id, one]));
  for (const hold of holds) {
    const had = all.get(hold.id);
    all.set(hold.id, had ? { ...had, networks: joined(had.networks, hold.networks) } : hold);
  }
  return [...all.values()];
};
