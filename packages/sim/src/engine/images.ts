import type { Random } from "@skein/base";
import { between, chance, delay } from "../draw.ts";

/**
 * How containers behave; the image's name says which it is, e.g. `steady:7`.
 * - steady: runs on, and very seldom dies.
 * - crashy: dies soon, again and again.
 * - missing: cannot be pulled. unstartable: cannot be started. flaky: pulling fails at times.
 * - sick: has a health check, which fails at times.
 * - stubborn: does not hear the stop signal.
 * - job: does its work and ends, at times with an error.
 */
export type ImageKind =
  | "steady"
  | "crashy"
  | "missing"
  | "unstartable"
  | "flaky"
  | "sick"
  | "stubborn"
  | "job";

const kinds: readonly string[] = [
  "steady",
  "crashy",
  "missing",
  "unstartable",
  "flaky",
  "sick",
  "stubborn",
  "job",
];

const isKind = (name: string): name is ImageKind => kinds.includes(name);

/** The kind of an image by its name. */
export const kindOf = (image: string): ImageKind => {
  const name = image.split(":")[0] ?? "";
  return isKind(name) ? name : "steady";
};

/** When a container ends by itself, in ms after its start, and how; undefined when it does not. */
export const ownEnd = (
  random: Random,
  kind: ImageKind,
): { readonly after: number; readonly exitCode: number } | undefined => {
  switch (kind) {
    case "crashy":
      return { after: between(random, 100, 8000), exitCode: 1 };
    case "job":
      return { after: between(random, 500, 15_000), exitCode: chance(random, 0.2) ? 3 : 0 };
    case "steady":
    case "flaky":
    case "stubborn":
      return chance(random, 0.02)
        ? { after: between(random, 5000, 600_000), exitCode: chance(random, 0.5) ? 137 : 1 }
        : undefined;
    case "sick":
    case "missing":
    case "unstartable":
      return undefined;
  }
};

/** How long pulling takes, in ms. */
export const pullTime = (random: Random): number => delay(random, 400, 40_000);

/** How long a container needs to end after the stop signal, in ms. */
export const stopTime = (random: Random, kind: ImageKind): number =>
  kind === "stubborn" ? Infinity : delay(random, 200, 5000);

/** What the health check of a `sick` container finds, in turn: when, and the verdict. */
export const healthChanges = (
  random: Random,
): readonly { readonly after: number; readonly health: "healthy" | "unhealthy" }[] => {
  const first = between(random, 500, 4000);
  if (chance(random, 0.15)) return [{ after: first, health: "unhealthy" }];
  const later = { after: between(random, 20_000, 900_000), health: "unhealthy" } as const;
  return [{ after: first, health: "healthy" }, ...(chance(random, 0.1) ? [later] : [])];
};
