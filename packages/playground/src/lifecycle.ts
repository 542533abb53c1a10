import { mkdirSync } from "node:fs";
import { OperationError } from "@skein/base";
import { formCluster } from "./cluster.ts";
import type { Part } from "./faults.ts";
import { killPart, stopPart } from "./faults.ts";
import { hostProcess, startDaemon, startEngine, startHost } from "./host.ts";
import { withLock } from "./lock.ts";
import { addSwitch, linkExists, takenSubnets } from "./network.ts";
import type { HostPlan, PlaygroundPlan, UpOptions } from "./plan.ts";
import { defaultSubnets, planPlayground, playgroundDir, uplinkName } from "./plan.ts";
import { removePlayground } from "./remove.ts";
import { readPlan, writePlan } from "./state.ts";
import { overlaps, parseSubnet } from "./subnet.ts";

/** What the playground needs from its surroundings. */
export interface Surroundings {
  readonly stateRoot: string;
  /** The program that runs `skein daemon`. */
  readonly daemonProgram: readonly string[];
  /** Tells the user what goes on, a line at a time. */
  readonly tell: (line: string) => void;
}

/** Playgrounds on one machine. */
const MAX_SLOTS = 256;

/** Starts what is not running on the host: the host itself, its engine, its daemon. */
export const startAll = async (
  plan: PlaygroundPlan,
  host: HostPlan,
  { daemonProgram }: Surroundings,
): Promise<void> => {
  await startHost(plan, host);
  await startEngine(plan, host);
  await startDaemon(plan, host, daemonProgram);
};

/** Ends a part of the host (gracefully unless it is the host itself) and starts it again. */
export const restartPart = async (
  plan: PlaygroundPlan,
  host: HostPlan,
  part: Part,
  surroundings: Surroundings,
): Promise<void> => {
  if (part !== "host") await stopPart(host, part);
  else if (hostProcess(host) !== undefined) await killPart(plan, host, "host");
  if (part === "engine") await startEngine(plan, host);
  else if (part === "daemon") await startDaemon(plan, host, surroundings.daemonProgram);
  else await startAll(plan, host, surroundings);
};

/** Finds a free slot and subnet, keeps the plan, and makes the bridge. */
const claim = async (options: UpOptions, stateRoot: string): Promise<PlaygroundPlan> => {
  const taken = await takenSubnets();
  const isFree = (subnet: string): boolean =>
    !taken.some((each) => overlaps(each, parseSubnet(subnet)));
  if (options.subnet !== undefined && !isFree(options.subnet))
    throw new OperationError(
      "conflict",
      `the subnet ${options.subnet} overlaps with one that this machine has a route to`,
    );
  for (let slot = 0; slot < MAX_SLOTS; slot += 1) {
    const subnet = options.subnet ?? defaultSubnets(slot).find(isFree);
    if (subnet === undefined || linkExists(uplinkName(slot))) continue;
    const plan = planPlayground({ ...options, subnet }, stateRoot, slot);
    writePlan(plan);
    if (await addSwitch(plan)) return plan;
  }
  throw new OperationError("conflict", "no subnet is free: give one with --subnet");
};

const shapeOf = (plan: PlaygroundPlan): string => {
  const count = (role: string): number => plan.hosts.filter((host) => host.role === role).length;
  return `${count("manager")} manager(s), ${count("worker")} worker(s), engines ${plan.hosts.map(({ engine }) => engine).join(" ")}, daemon ${plan.daemon}`;
};

/** A second `up` continues or repairs the first one, but it cannot change what was asked for. */
const requireSame = (existing: PlaygroundPlan, options: UpOptions, stateRoot: string): void => {
  const subnet = options.subnet ?? existing.subnet;
  const wanted = planPlayground({ ...options, subnet }, stateRoot, 0);
  if (shapeOf(wanted) === shapeOf(existing) && wanted.subnet === existing.subnet) return;
  throw new OperationError(
    "conflict",
    `playground "${existing.name}" exists with ${shapeOf(existing)} on ${existing.subnet}: take it down first, or give another --name`,
  );
};

const startHosts = async (plan: PlaygroundPlan, surroundings: Surroundings): Promise<void> => {
  // Network namespaces one after another (they share one directory), engines side by side.
  for (const host of plan.hosts) await startHost(plan, host);
  await Promise.all(
    plan.hosts.map(async (host) => {
      await startAll(plan, host, surroundings);
      surroundings.tell(`${host.name} is up: ${host.address}, ${host.engine}`);
    }),
  );
  if (!plan.join) return;
  await formCluster(plan);
  surroundings.tell(`the cluster stands: ${shapeOf(plan)}`);
};

/**
 * Brings the playground up: makes it, or starts what of it is not running. When making it fails,
 * nothing of it stays. Rejects with what is wrong, the end of the log in question included.
 */
export const bringUp = async (
  options: UpOptions,
  surroundings: Surroundings,
): Promise<PlaygroundPlan> => {
  const { stateRoot } = surroundings;
  // Refuses bad options before anything is made.
  planPlayground(options, stateRoot, 0);
  mkdirSync(stateRoot, { recursive: true, mode: 0o711 });
  return withLock(`${playgroundDir(stateRoot, options.name)}.lock`, async () => {
    const existing = readPlan(stateRoot, options.name);
    if (existing !== undefined) {
      requireSame(existing, options, stateRoot);
      if (!(await addSwitch(existing)))
        throw new OperationError(
          "conflict",
          `the interface ${existing.uplink} is taken by now: take playground "${existing.name}" down first`,
        );
      await startHosts(existing, surroundings);
      return existing;
    }
    // What an earlier playground of this name may have left without its state file.
    await removePlayground(stateRoot, options.name);
    try {
      const plan = await claim(options, stateRoot);
      await startHosts(plan, surroundings);
      return plan;
    } catch (error) {
      await removePlayground(stateRoot, options.name);
      throw error;
    }
  });
};

/** Takes the playground down, whatever is left of it. Resolves to false when nothing was. */
export const takeDown = async (name: string, stateRoot: string): Promise<boolean> => {
  const dir = playgroundDir(stateRoot, name);
  mkdirSync(stateRoot, { recursive: true, mode: 0o711 });
  return withLock(`${dir}.lock`, () => removePlayground(stateRoot, name));
};
