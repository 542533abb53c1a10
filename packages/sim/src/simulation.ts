import type { Random } from "@skein/base";
import { messageOf, seededRandom } from "@skein/base";
import { unsettled } from "./check/convergence.ts";
import { unlikeKernel } from "./check/kernels.ts";
import { Cluster } from "./cluster.ts";
import { between, pick } from "./draw.ts";
import type { FaultClass } from "./plan/faults.ts";
import { faultClasses, Faults } from "./plan/faults.ts";
import { notLinearizable } from "./history/linearizability.ts";
import { Clients } from "./plan/clients.ts";
import { Operator } from "./plan/operator.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { Violation, World } from "./world.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Machines at the start. */
  readonly nodes: number;
  /** Managers: 1, 3 or 5; 1 by default. Several have an agent each, which is not counted in `nodes`. */
  readonly managers?: number;
  /** How long things fail, in virtual minutes. */
  readonly minutes: number;
  /** Which classes of faults; all by default. */
  readonly faults?: readonly FaultClass[];
  /** Mean time between two faults in virtual seconds; drawn from the seed by default. */
  readonly faultSeconds?: number;
  /** Hears each line of the trace. */
  readonly onTrace?: (line: string) => void;
  /** Made wrong on purpose, to see that it is found. */
  readonly bug?: PlantedBug;
}

export interface SimulationResult {
  readonly options: SimulationOptions;
  /** Equal for two runs that did the same. */
  readonly hash: string;
  /** Virtual milliseconds. */
  readonly duration: number;
  readonly events: number;
  /** What was broken; undefined when nothing was. */
  readonly violation: string | undefined;
  /** The last lines of the trace. */
  readonly last: readonly string[];
}

/** A cluster must be right again this long after everything stopped failing, in virtual ms. */
const REST_LIMIT_MS = 30 * 60_000;
const LOOK_EVERY_MS = 10_000;
/** It must stay right this long. */
const PROOF_MS = 90_000;

/** Lets the cluster come to rest. Throws a {@link Violation} when it does not. */
const rest = async (cluster: Cluster): Promise<void> => {
  const { world, invariants, hosts } = cluster;
  const problem = (): string | undefined => {
    const { store } = cluster.leader;
    const all = [...hosts.values()];
    return unsettled(invariants.mirror, all) ?? (store && unlikeKernel(store.view, all));
  };
  const limit = world.now + REST_LIMIT_MS;
  let calmSince: number | undefined;
  let last: string | undefined;
  while (calmSince === undefined || world.now - calmSince < PROOF_MS) {
    await world.run(LOOK_EVERY_MS);
    last = problem();
    if (last !== undefined) calmSince = undefined;
    else calmSince ??= world.now;
    if (world.now > limit) throw new Violation(`does not come to rest: ${last ?? "it wavers"}`);
  }
  cluster.acknowledged.check();
  await world.run(0);
};

/** Lets the operators tidy up. Throws a {@link Violation} when they can't get it done. */
const tidied = async (world: World, operator: Operator): Promise<void> => {
  const state = { isDone: false };
  const finished = operator.finish().finally(() => {
    state.isDone = true;
  });
  for (const limit = world.now + REST_LIMIT_MS; !state.isDone; await world.run(LOOK_EVERY_MS))
    if (world.now > limit) throw new Violation("what operators ask for is not done");
  await finished;
};

/** Seconds between faults: from one that hardly lets anything finish to one that lets most. */
const drawPace = (random: Random, nodes: number): number =>
  ((pick(random, [20, 60, 200, 600]) ?? 60) / nodes) * between(random, 0.5, 1.5);

/** A machine joins while nothing fails. */
const join = (cluster: Cluster): void => {
  cluster.join().catch((error: unknown) => cluster.world.violated(`no join: ${messageOf(error)}`));
};

const simulate = async (world: World, options: SimulationOptions): Promise<void> => {
  const { nodes, minutes, managers = 1, faults = faultClasses, bug } = options;
  const cluster = new Cluster(world, managers, bug?.sabotage?.(world));
  bug?.plant?.(cluster);
  cluster.start();
  await world.run(managers > 1 ? 6000 : 2000);
  for (let i = 0; i < nodes; i += 1) join(cluster);
  await world.run(2000);
  const operator = new Operator(cluster, nodes);
  const { faultSeconds = drawPace(world.random.fork("pace"), nodes) } = options;
  world.trace.note(world.now, `a fault every ${faultSeconds.toFixed(1)} s`);
  const trouble = new Faults(cluster, faults, faultSeconds * 1000);
  const clients = new Clients(cluster);
  if (managers > 1) clients.start();
  operator.start();
  trouble.start();
  await world.run(minutes * 60_000);
  trouble.finish();
  clients.finish();
  await world.run(5000);
  await tidied(world, operator);
  await rest(cluster);
  const problem = notLinearizable(clients.history);
  if (problem !== undefined) throw new Violation(problem);
};

/** Runs one simulation. The same options give the same result, on every machine. */
export const runSimulation = async (options: SimulationOptions): Promise<SimulationResult> => {
  const world = new World(seededRandom(options.seed), options.onTrace);
  let violation: string | undefined;
  try {
    await simulate(world, options);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  const { trace, now, events } = world;
  return { options, hash: trace.hash, duration: now, events, violation, last: trace.last };
};
