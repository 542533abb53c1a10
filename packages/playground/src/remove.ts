import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { OperationError } from "@skein/base";
import { hostDirIn } from "./host-script.ts";
import { removeNetns } from "./network.ts";
import type { PlaygroundPlan } from "./plan.ts";
import { cgroupOf, netnsPrefix, playgroundDir } from "./plan.ts";
import { allProcesses } from "./process-record.ts";
import { readPlan } from "./state.ts";
import { run } from "./run.ts";
import { waitFor } from "./wait.ts";

/** Time for the kernel to take everything away, in milliseconds. */
const GONE_MS = 30_000;

const netnsNames = (name: string): readonly string[] =>
  existsSync("/run/netns")
    ? readdirSync("/run/netns").filter((each) => each.startsWith(netnsPrefix(name)))
    : [];

const namespaceOf = (pid: number): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // ended in between
  }
};

/** The processes in these network namespaces; a host's init is among them, and kills the rest. */
const processesIn = (names: readonly string[]): readonly number[] => {
  const wanted = new Set(names.map((name) => `net:[${statSync(`/run/netns/${name}`).ino}]`));
  return allProcesses()
    .filter(({ state }) => state !== "Z")
    .map(({ pid }) => pid)
    .filter((pid) => wanted.has(namespaceOf(pid) ?? ""));
};

const commandLine = (pid: number): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // ended in between
  }
};

/** What a killed `up` was just doing goes on a moment without it, and could make a namespace yet. */
const endStrays = (name: string): Promise<boolean> =>
  waitFor(() => {
    const strays = allProcesses().filter(({ pid }) => {
      const [program = "", ...args] = commandLine(pid);
      return (
        /(^|\/)(ip|nsenter)$/.test(program) && args.some((arg) => arg.includes(netnsPrefix(name)))
      );
    });
    return strays.length === 0;
  }, GONE_MS);

/**
 * The directory that hosts of a playground with this name were started from, when that is another
 * one than `stateRoot` and still holds the playground: then it is not ours to remove.
 */
const otherOwner = (
  names: readonly string[],
  name: string,
  stateRoot: string,
): string | undefined => {
  const roots = processesIn(names)
    .map((pid) => hostDirIn(commandLine(pid).join("\0")))
    .filter((dir) => dir !== undefined)
    .map((dir) => dirname(dirname(dir)));
  return roots.find(
    (root) => root !== stateRoot && existsSync(`${playgroundDir(root, name)}/playground.json`),
  );
};

const killAll = async (names: readonly string[]): Promise<void> => {
  const gone = await waitFor(() => {
    const left = processesIn(names);
    for (const pid of left)
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // ended in between
      }
    return left.length === 0;
  }, GONE_MS);
  if (!gone) throw new OperationError("internal", "processes of the playground do not go away");
};

/** Unmounts what this machine has mounted below `dir`, so that removing it removes only files. */
const unmountBelow = async (dir: string): Promise<void> => {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${dir}/`));
  for (const path of mounts.toReversed()) await run("umount", ["--lazy", path]);
};

/** Removes a cgroup and those below it; false while one of them still has processes. */
const removeCgroup = (path: string): boolean => {
  if (!existsSync(path)) return true;
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory() && !removeCgroup(`${path}/${entry.name}`)) return false;
    rmdirSync(path);
    return true;
  } catch {
    return false; // busy a moment longer
  }
};

/** The playground's cgroups: one in each hierarchy, or the one of cgroup v2. */
const cgroupsOf = (name: string): readonly string[] => {
  const root = "/sys/fs/cgroup";
  const hierarchies = existsSync(`${root}/cgroup.controllers`)
    ? [root]
    : readdirSync(root).map((controller) => `${root}/${controller}`);
  return hierarchies.map((path) => `${path}${cgroupOf(name)}`).filter((path) => existsSync(path));
};

/**
 * Podman puts containers below a cgroup of its own that hosts share; those of this playground are
 * told by their identifiers, which are kept in its storage.
 */
const podmanCgroups = (dir: string, plan: PlaygroundPlan | undefined): readonly string[] => {
  const root = "/sys/fs/cgroup";
  const ids = (plan?.hosts ?? []).flatMap(({ name }) => {
    const list = `${dir}/${name}/engine/overlay-containers`;
    return existsSync(list) ? readdirSync(list).filter((id) => /^[0-9a-f]{64}$/.test(id)) : [];
  });
  const parents = ["", ...readdirSync(root).map((controller) => `/${controller}`)];
  return parents
    .flatMap((parent) =>
      ids.flatMap((id) =>
        [`libpod-${id}`, `libpod-conmon-${id}`].map(
          (leaf) => `${root}${parent}/libpod_parent/${leaf}`,
        ),
      ),
    )
    .filter((path) => existsSync(path));
};

/**
 * Removes all of the playground: processes, network, cgroups, mounts and files. It goes by what is
 * there, not by what the state file says, so it also clears up after a crash of any kind.
 * Resolves to false when nothing was there; throws `conflict` when it is the playground of somebody
 * with another state directory. The caller holds the playground's lock.
 */
export const removePlayground = async (stateRoot: string, name: string): Promise<boolean> => {
  const dir = playgroundDir(stateRoot, name);
  let plan: PlaygroundPlan | undefined;
  try {
    plan = readPlan(stateRoot, name);
  } catch {
    // an unreadable state file must not keep the rest from being removed
  }
  await endStrays(name);
  const names = netnsNames(name);
  const owner = otherOwner(names, name, stateRoot);
  if (owner !== undefined)
    throw new OperationError(
      "conflict",
      `playground "${name}" belongs to another directory: set SKEIN_PLAYGROUND_DIR=${owner}, or use another name`,
    );
  const found = names.length > 0 || existsSync(dir);
  await killAll(names);
  await removeNetns(names, plan);
  const cgroups = [...cgroupsOf(name), ...podmanCgroups(dir, plan)];
  await waitFor(() => cgroups.filter((path) => !removeCgroup(path)).length === 0, GONE_MS);
  await unmountBelow(dir);
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  return found;
};
