import { readFileSync } from "node:fs";
import type { Host, Playground } from "../support/hosts.ts";
import { output } from "../support/run.ts";

/** What is done to the manager that leads. */
export type Fault = "process" | "host" | "cut" | "freeze";

/** In the order in which they take turns. */
export const FAULTS: readonly Fault[] = ["process", "host", "cut", "freeze"];

/** A process and all below it. */
const treeOf = (pid: number): readonly number[] => {
  let children: readonly string[];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  } catch {
    return []; // it has ended
  }
  const pids = children.filter((word) => word !== "").map(Number);
  return [pid, ...pids.flatMap(treeOf)];
};

const signal = (pid: number | null, name: NodeJS.Signals): void => {
  if (pid === null) throw new Error("the daemon does not run");
  for (const each of name === "SIGKILL" ? [pid] : treeOf(pid)) process.kill(each, name);
};

const setCable = async (
  { name }: Playground,
  host: Host,
  ...plug: readonly string[]
): Promise<void> => {
  await output("ip", ["-n", `skein.${name}.switch`, "link", "set", host.name, ...plug]);
};

/** Hits the host; resolves to when it did, as `performance.now()` counts. */
export const inflict = async (
  playground: Playground,
  host: Host,
  fault: Fault,
): Promise<number> => {
  const { daemonPid } = await playground.host(host.name);
  const since = performance.now();
  switch (fault) {
    case "process":
      signal(daemonPid, "SIGKILL");
      return since;
    case "freeze":
      signal(daemonPid, "SIGSTOP");
      return since;
    case "cut":
      await setCable(playground, host, "nomaster");
      return since;
    case "host":
      // Without its cable nothing of it is heard any more: how long the rest takes does not matter.
      await setCable(playground, host, "nomaster");
      await playground.command("kill", host.name);
      return since;
  }
};

/** Makes good what was done to the host. */
export const repair = async (playground: Playground, host: Host, fault: Fault): Promise<void> => {
  switch (fault) {
    case "process":
      await playground.command("restart", host.name, "--daemon");
      break;
    case "freeze":
      await playground.command("thaw", host.name, "--daemon");
      break;
    case "cut":
      await playground.command("heal", host.name);
      break;
    case "host":
      await playground.command("restart", host.name);
  }
};
