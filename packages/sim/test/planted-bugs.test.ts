// Goal: the checkers are no ornament. Method: each planted bug must be found within 30 seeds.
import { expect, test } from "vitest";
import { plantedBugs, runSimulation } from "../src/index.ts";
import type { PlantedBug } from "../src/index.ts";

const found = async (bug: PlantedBug): Promise<string | undefined> => {
  const { managers = 1, seed: first = 1 } = bug;
  const size = { managers, nodes: managers > 1 ? 3 : 5 };
  for (let seed = first; seed < first + 30; seed += 1) {
    const { violation } = await runSimulation({ seed, ...size, minutes: 3, bug });
    if (violation !== undefined) return violation;
  }
  return undefined;
};

test.each(plantedBugs)("found: $name", async (bug) => {
  expect(await found(bug)).toBeDefined();
});
