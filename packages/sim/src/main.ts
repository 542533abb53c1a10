import { parseArgs } from "node:util";
import { faultClasses } from "./plan/faults.ts";
import type { FaultClass } from "./plan/faults.ts";
import { runSimulation } from "./simulation.ts";
import type { SimulationOptions, SimulationResult } from "./simulation.ts";
import { runTableChurn } from "./table-churn.ts";
import type { TableChurnOptions } from "./table-churn.ts";

const usage = `usage: npm run sim -- [--seed N] [--seeds COUNT] [--nodes N] [--managers N] [--hours H | --minutes M] [--faults a,b]

  --seed N       the first seed (1)
  --seeds COUNT  how many seeds, one after the other (1)
  --nodes N      machines at the start (6)
  --managers N   how many managers (1); "mixed": 3, and 5 for each third seed
  --nightly      500 seeds of the tests' size: as --seeds 500 --managers mixed --nodes 4 --minutes 3
  --minutes M    virtual minutes during which things fail (10); --hours H likewise
  --faults LIST  classes of faults: ${faultClasses.join(", ")} (all)
  --trace        print every event
  --tables STEPS instead: nodes without engines hear of their networks in so many steps, then all are compared
`;

const isFaultClass = (name: string): name is FaultClass =>
  faultClasses.some((known) => known === name);

const report = (result: SimulationResult, seconds: number): void => {
  const { options, hash, duration, events, violation, last } = result;
  const verdict = violation === undefined ? "ok" : `FAILED: ${violation}`;
  const { seed, nodes, minutes, managers = 1 } = options;
  const traced = options.onTrace !== undefined;
  if (violation !== undefined && !traced) process.stdout.write(`${last.join("\n")}\n`);
  process.stdout.write(
    `seed ${seed} nodes ${nodes} managers ${managers} minutes ${minutes} hash ${hash} events ${events} ` +
      `virtual ${(duration / 60_000).toFixed(1)} min real ${seconds.toFixed(1)} s: ${verdict}\n`,
  );
};

const run = async (options: SimulationOptions): Promise<SimulationResult> => {
  const start = performance.now();
  const result = await runSimulation(options);
  report(result, (performance.now() - start) / 1000);
  return result;
};

const onTrace = (line: string): void => void process.stdout.write(`${line}\n`);

/** Tries again with one class of faults left out at a time, and reports what still fails. */
const narrow = async (options: SimulationOptions): Promise<void> => {
  let faults: readonly FaultClass[] = options.faults ?? faultClasses;
  for (const name of faults) {
    const fewer = faults.filter((kept) => kept !== name);
    const { violation } = await runSimulation({ ...options, faults: fewer });
    if (violation !== undefined) faults = fewer;
  }
  process.stdout.write(`still fails with --faults ${faults.join(",") || "none"}\n`);
};

const NIGHTLY = { seeds: "500", managers: "mixed", nodes: "4", minutes: "3" };

const managersFor = (wanted: string, seed: number): number => {
  if (wanted === "mixed") return seed % 3 === 0 ? 5 : 3;
  const count = Number(wanted);
  if (Number.isSafeInteger(count) && count > 0) return count;
  process.stderr.write(`--managers wants a number or "mixed", not "${wanted}"\n`);
  process.exit(2);
};

const { values: given } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    nodes: { type: "string", default: "6" },
    managers: { type: "string", default: "1" },
    minutes: { type: "string" },
    hours: { type: "string" },
    faults: { type: "string" },
    trace: { type: "boolean", default: false },
    tables: { type: "string" },
    nightly: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const values = given.nightly ? { ...given, ...NIGHTLY } : given;

const churn = async (options: TableChurnOptions): Promise<void> => {
  const start = performance.now();
  const { violation, compared } = await runTableChurn(options);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const verdict = violation === undefined ? "ok" : `FAILED: ${violation}`;
  const { seed, nodes, steps } = options;
  process.stdout.write(
    `seed ${seed} nodes ${nodes} steps ${steps} entries ${compared} real ${seconds} s: ${verdict}\n`,
  );
  if (violation !== undefined) process.exitCode = 1;
};

if (values.help) process.stdout.write(usage);
else if (values.tables !== undefined)
  for (let i = 0; i < Number(values.seeds); i += 1)
    await churn({
      seed: Number(values.seed) + i,
      nodes: Number(values.nodes),
      steps: Number(values.tables),
    });
else {
  const minutes =
    values.hours === undefined ? Number(values.minutes ?? 10) : Number(values.hours) * 60;
  const faults = values.faults?.split(",").filter(isFaultClass);
  for (let i = 0; i < Number(values.seeds); i += 1) {
    const seed = Number(values.seed) + i;
    const options: SimulationOptions = {
      seed,
      nodes: Number(values.nodes),
      managers: managersFor(values.managers, seed),
      minutes,
      ...(faults ? { faults } : {}),
      ...(values.trace ? { onTrace } : {}),
    };
    const { violation } = await run(options);
    if (violation === undefined) continue;
    process.exitCode = 1;
    if (!values.trace) await narrow(options);
  }
}
