/**
 * The life of a task on its node, as a pure machine: assigned -> accepted -> preparing -> ready ->
 * starting -> running -> ended (behaviour.md, section 14).
 *
 * Invariants:
 * - The state never moves back.
 * - After `ready` nothing happens until the desired state is `running` or `complete`.
 * - A failure before `starting` is `rejected`, later `failed`.
 */
import type { TaskState, TaskStatus } from "@skein/model";
import { compareStates } from "@skein/model";
import type { PortConfig } from "@skein/wire";

/** What a task has to do next. `rest` is nothing, until its desired state changes. */
export type Step =
  | "rest"
  | "accept"
  | "begin-preparing"
  | "prepare"
  | "begin-starting"
  | "start"
  | "wait"
  | "shutdown";

/** The container as far as a status tells of it. */
export interface StatusContainer {
  readonly id: string;
  readonly pid?: number;
  readonly exitCode?: number;
}

/** How a step came out. */
export type Outcome =
  | {
      readonly kind: "done";
      readonly container?: StatusContainer;
      readonly ports?: readonly PortConfig[];
    }
  | { readonly kind: "failed"; readonly err: string; readonly container?: StatusContainer };

const before = (state: TaskState, limit: TaskState): boolean => compareStates(state, limit) < 0;

/** The step that follows from the observed and the desired state. */
export const nextStep = (state: TaskState, desired: TaskState): Step => {
  if (!before(desired, "shutdown")) return before(state, "complete") ? "shutdown" : "rest";
  if (before(desired, state)) return "rest";
  const climbs = before(state, desired);
  switch (state) {
    case "new":
    case "pending":
    case "assigned":
      return climbs ? "accept" : "rest";
    case "accepted":
      return climbs ? "begin-preparing" : "rest";
    case "preparing":
      return "prepare";
    case "ready":
      return climbs ? "begin-starting" : "rest";
    case "starting":
      return "start";
    case "running":
      return "wait";
    case "complete":
    case "shutdown":
    case "failed":
    case "rejected":
    case "remove":
    case "orphaned":
      return "rest";
  }
};

const reached: Readonly<Record<Exclude<Step, "rest">, readonly [TaskState, string]>> = {
  accept: ["accepted", "accepted"],
  "begin-preparing": ["preparing", "preparing"],
  prepare: ["ready", "prepared"],
  "begin-starting": ["starting", "starting"],
  start: ["running", "started"],
  wait: ["complete", "finished"],
  shutdown: ["shutdown", "shutdown"],
};

/** The status after a step: a success clears the error, a failure keeps the message and adds one. */
export const advance = (
  status: TaskStatus,
  step: Exclude<Step, "rest">,
  outcome: Outcome,
  now: number,
): TaskStatus => {
  const container = outcome.container ?? status.container;
  const known = container ? { container } : {};
  if (outcome.kind === "failed")
    return {
      ...status,
      ...known,
      state: before(status.state, "starting") ? "rejected" : "failed",
      timestamp: now,
      err: outcome.err,
    };
  const [state, message] = reached[step];
  const ports = step === "start" ? outcome.ports : undefined;
  return { state, timestamp: now, message, ...known, ...(ports ? { ports } : {}) };
};

/** Docker's words for a container that ended with a code other than 0. */
export const exitError = (exitCode: number, cause?: string): string =>
  `task: non-zero exit (${exitCode})${cause === undefined ? "" : `: ${cause}`}`;

/** Docker's words for a container that its health check condemned. */
const UNHEALTHY = "dockerexec: unhealthy container";

/**
 * What the end of a container means. One that its health check condemned has failed even if it
 * leaves with 0, so that a restart policy of `on-failure` brings it back.
 */
export const endOutcome = (
  container: StatusContainer & { readonly exitCode: number },
  unhealthy: boolean,
): Outcome => {
  const { exitCode } = container;
  if (exitCode !== 0)
    return {
      kind: "failed",
      err: exitError(exitCode, unhealthy ? UNHEALTHY : undefined),
      container,
    };
  return unhealthy ? { kind: "failed", err: UNHEALTHY, container } : { kind: "done", container };
};
