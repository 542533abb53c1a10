import { expect, test } from "vitest";
import { runSimulation } from "../src/index.ts";
import type { SimulationOptions } from "../src/index.ts";

/**
 * One test per seed: three minutes of faults, then rest. Every tenth seed runs twice and must do the
 * same both times. A failure shows what `npm run sim` needs to replay it, and the last events.
 */
const run = (first: number, last: number, draw: (seed: number) => SimulationOptions): void => {
  for (let seed = first; seed <= last; seed += 1) {
    const options = draw(seed);
    const { nodes, managers = 1, minutes } = options;
    const size = `--nodes ${nodes} --managers ${managers} --minutes ${minutes}`;
    test(`npm run sim -- --seed ${seed} ${size}`, async () => {
      const { violation, last: events, hash } = await runSimulation(options);
      if (violation !== undefined) throw new Error([violation, ...events].join("\n"));
      const again = seed % 10 === 0 ? await runSimulation(options) : { hash };
      expect(again.hash).toBe(hash);
    });
  }
};

/** Clusters of 3 to 7 machines beside one manager. */
export const runSeeds = (first: number, last: number): void =>
  run(first, last, (seed) => ({ seed, nodes: 3 + (seed % 5), minutes: 3 }));

/** Clusters of 3 or 5 managers, and 1 to 4 machines more. */
export const runManagerSeeds = (first: number, last: number): void =>
  run(first, last, (seed) => ({
    seed,
    nodes: 1 + (seed % 4),
    managers: seed % 3 === 0 ? 5 : 3,
    minutes: 3,
  }));
