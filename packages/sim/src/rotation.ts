import { seededRandom } from "@skein/base";
import { Cluster } from "./cluster.ts";
import { between } from "./draw.ts";
import type { ManagerHooks } from "./manager/manager.ts";
import type { FaultClass } from "./plan/faults.ts";
import { Faults } from "./plan/faults.ts";
import { Operator } from "./plan/operator.ts";
import { Rotations, unrotated } from "./plan/rotations.ts";
import { Violation, World } from "./world.ts";

export interface RotationOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Things fail, and people rotate, so long: virtual minutes. 0 is one rotation in peace. */
  readonly minutes: number;
  /** Nobody asks for anything else meanwhile. */
  readonly idle?: boolean;
  /** So many agents die within a second of the last word, and start again within another two. */
  readonly crashes?: number;
  /** Made wrong on purpose, to see that it is found. */
  readonly sabotage?: ManagerHooks["sabotage"];
}

export interface RotationResult {
  /** Virtual ms from the last word to the moment when all nodes had followed. */
  readonly duration: number;
  readonly violation: string | undefined;
}

/** Machines that stay away for good would rightly hold a rotation up. */
const faults: readonly FaultClass[] = ["network", "agent", "engine", "manager", "disk", "freeze"];

/** Things that fail pause this long on average, over all machines. */
const FAULT_MS = 2000;
const ROTATION_MS = 10_000;
const LOOK_EVERY_MS = 50;
const LIMIT_MS = 5 * 60_000;

const crash = ({ world, hosts }: Cluster, count: number): void => {
  const random = world.random.fork("crashes");
  for (const host of [...hosts.values()].slice(0, count))
    world.after(between(random, 0, 1000), () => {
      host.crashAgent();
      world.after(between(random, 0, 2000), () => host.start());
    });
};

/** Lets time pass until somebody has said that the root is to be rotated. */
const rotate = async (world: World, rotations: Rotations): Promise<void> => {
  const state = { isSaid: false, isWaiting: false };
  const say = async (): Promise<void> => {
    state.isWaiting = true;
    try {
      await rotations.rotate();
      state.isSaid = true;
    } catch {
      state.isWaiting = false; // the manager was away: once more
    }
  };
  while (!state.isSaid) {
    if (!state.isWaiting) void say();
    await world.run(LOOK_EVERY_MS);
  }
};

const untilRotated = async (cluster: Cluster): Promise<number> => {
  const { world } = cluster;
  const start = world.now;
  for (;;) {
    await world.run(LOOK_EVERY_MS);
    const problem = unrotated(cluster);
    if (problem === undefined) return world.now - start;
    if (world.now - start > LIMIT_MS) throw new Violation(`not rotated: ${problem}`);
  }
};

const simulate = async (world: World, options: RotationOptions): Promise<number> => {
  const cluster = new Cluster(world, 1, options.sabotage);
  cluster.start();
  await world.run(2000);
  for (let i = 0; i < options.nodes; i += 1) void cluster.join();
  await world.run(5000);
  const rotations = new Rotations(cluster);
  if (!options.idle) new Operator(cluster, options.nodes).start();
  if (options.minutes > 0) {
    let going = true;
    const trouble = new Faults(cluster, faults, FAULT_MS);
    trouble.start();
    rotations.keepRotating(ROTATION_MS, () => going);
    await world.run(options.minutes * 60_000);
    going = false;
    trouble.finish();
    await world.run(1000);
  }
  crash(cluster, options.crashes ?? 0);
  await rotate(world, rotations);
  return untilRotated(cluster);
};

/** Rotates the root of a simulated cluster under change. The same options give the same result. */
export const simulateRotation = async (options: RotationOptions): Promise<RotationResult> => {
  const world = new World(seededRandom(options.seed));
  try {
    return { duration: await simulate(world, options), violation: undefined };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { duration: world.now, violation: [error.message, ...world.trace.last].join("\n") };
  }
};
