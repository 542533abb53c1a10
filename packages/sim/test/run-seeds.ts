import { expect, test } from "vitest";
import { runSimulation } from "../src/index.ts";

/**
 * One test per seed: clusters of 3 to 7 machines, three minutes of faults, then rest. Every tenth
 * seed runs twice and must do the same both times. A failure shows what `npm run sim` needs to
 * replay it, and the last events.
 */
export const runSeeds = (first: number, last: number): void => {
  for (let seed = first; seed <= last; seed += 1) {
    const options = { seed, nodes: 3 + (seed % 5), minutes: 3 };
    test(`npm run sim -- --seed ${seed} --nodes ${options.nodes} --minutes 3`, async () => {
      const { violation, last: events, hash } = await runSimulation(options);
      if (violation !== undefined) throw new Error([violation, ...events].join("\n"));
      const again = seed % 10 === 0 ? await runSimulation(options) : { hash };
      expect(again.hash).toBe(hash);
    });
  }
};
