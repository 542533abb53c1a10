import type { Random } from "@skein/base";

/** True with the given probability. */
export const chance = (random: Random, probability: number): boolean => random.next() < probability;

/** A number in [low, high). */
export const between = (random: Random, low: number, high: number): number =>
  low + random.next() * (high - low);

/** One of the values; undefined when there are none. */
export const pick = <T>(random: Random, values: readonly T[]): T | undefined =>
  values[random.integer(values.length)];

/** One of the keys, each as likely as its weight says. */
export const weighted = <Key extends string>(
  random: Random,
  weights: Readonly<Record<Key, number>>,
): Key => {
  const entries = Object.entries(weights) as [Key, number][];
  let draw = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [key, weight] of entries) {
    draw -= weight;
    if (draw < 0) return key;
  }
  return (entries.at(-1) as [Key, number])[0];
};

/** Mostly short, now and then very long: how waiting times look in real life. In milliseconds. */
export const delay = (random: Random, typical: number, longest: number): number =>
  chance(random, 0.03)
    ? between(random, typical, longest)
    : between(random, typical / 2, typical * 2);
