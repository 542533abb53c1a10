import type { Member } from "./member.ts";

const isNotOlder = (a: Member, b: Member): boolean => {
  const epochs = [a, b].map(({ entries }) => entries.at(-1)?.epoch ?? 0) as [number, number];
  return epochs[0] === epochs[1] ? a.entries.length >= b.entries.length : epochs[0] > epochs[1];
};

/** Whether a majority of members, all of which it reaches, has nothing newer than this one. */
export const canHead = (member: Member, reached: readonly Member[], majority: number): boolean =>
  reached.filter((other) => isNotOlder(member, other)).length >= majority;

/** How many entries two members have alike, from the first on. */
export const alike = (a: Member, b: Member): number => {
  let length = Math.min(a.entries.length, b.entries.length);
  // Entries that are the same have the same before them.
  while (length > 0 && a.entries[length - 1] !== b.entries[length - 1]) length -= 1;
  return length;
};
