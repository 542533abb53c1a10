import { OperationError } from "@skein/base";
import { hostProcess } from "./host.ts";
import { cutHost, removeHostNetwork } from "./network.ts";
import { pathsOf } from "./paths.ts";
import type { HostPlan, PlaygroundPlan } from "./plan.ts";
import type { ProcessStat } from "./process-record.ts";
import { allProcesses, runningIn, statOf, treeOf } from "./process-record.ts";
import { waitFor } from "./wait.ts";

/** The part of a host that a fault hits. */
export type Part = "daemon" | "engine" | "host";

/** Time for a process to end by itself before it is killed, in milliseconds. */
const GRACE_MS = 20_000;
/** Time for the kernel to take a killed process away, in milliseconds. */
const REAP_MS = 30_000;

const mainProcess = (host: HostPlan, part: Part): ProcessStat | undefined =>
  part === "host" ? hostProcess(host) : runningIn(pathsOf(host)[part]);

const requireProcess = (host: HostPlan, part: Part): ProcessStat => {
  const found = mainProcess(host, part);
  if (found === undefined)
    throw new OperationError(
      "failed-precondition",
      part === "host"
        ? `host ${host.name} is down already`
        : `the ${part} of ${host.name} is not running`,
    );
  return found;
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It went by itself in between: that is what the signal would have led to, or near enough.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
};

/** Sends SIGKILL and waits until the process is gone. */
const kill = async (target: ProcessStat): Promise<void> => {
  signal(target.pid, "SIGKILL");
  if (!(await waitFor(() => statOf(target) === undefined, REAP_MS)))
    throw new OperationError("internal", `process ${target.pid} does not go away`);
};

/** Sends a signal to the part's process and all below it. */
const signalTree = (root: number, name: NodeJS.Signals): void => {
  for (const { pid } of treeOf(root, allProcesses())) signal(pid, name);
};

/**
 * Kills without warning. `daemon` and `engine`: that one process, containers go on. `host`: as if
 * the power failed; its packets stop before its processes, so that nobody hears a connection close.
 */
export const killPart = async (plan: PlaygroundPlan, host: HostPlan, part: Part): Promise<void> => {
  const target = requireProcess(host, part);
  if (part !== "host") {
    await kill(target);
    return;
  }
  await cutHost(plan, host);
  await kill(target);
  await removeHostNetwork(plan, host);
};

/** Stops the part in its tracks: it stays, but does nothing until thawed. */
export const freezePart = (host: HostPlan, part: Part): void => {
  signalTree(requireProcess(host, part).pid, "SIGSTOP");
};

/** Lets a frozen part go on. */
export const thawPart = (host: HostPlan, part: Part): void => {
  signalTree(requireProcess(host, part).pid, "SIGCONT");
};

/** Asks the part's process to end, and kills it when it does not. Fine when it is not running. */
export const stopPart = async (host: HostPlan, part: "daemon" | "engine"): Promise<void> => {
  const target = mainProcess(host, part);
  if (target === undefined) return;
  signalTree(target.pid, "SIGCONT");
  signal(target.pid, "SIGTERM");
  if (!(await waitFor(() => statOf(target) === undefined, GRACE_MS))) await kill(target);
};
