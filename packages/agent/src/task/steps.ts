import type { Clock } from "@skein/base";
import { OperationError } from "@skein/base";
import type { ContainerMonitor, Observation } from "../engine/container-monitor.ts";
import { DEFAULT_STOP_GRACE_MS, STOP_OVERRUN_MS } from "../limits.ts";
import type { Networking } from "../networking/networking.ts";
import type { WorkloadOverlay } from "../networking/ports.ts";
import type { ContainerState, Executor, Templates } from "../ports.ts";
import { withTimeout } from "../shared/cancel.ts";
import { isTemporary } from "../engine/reachability.ts";
import type { FileSource } from "../worker/files.ts";
import type { Outcome, StatusContainer } from "./machine.ts";
import { endOutcome } from "./machine.ts";
import type { AssignedTask, NodeIdentity } from "./workload.ts";
import { buildWorkload, stopGraceMs, taskName } from "./workload.ts";

export interface StepDependencies {
  readonly executor: Executor;
  readonly monitor: ContainerMonitor;
  readonly files: FileSource;
  readonly templates: Templates;
  readonly clock: Clock;
  /** This node; waits until the engine has told its name and platform. */
  readonly node: (signal: AbortSignal) => Promise<NodeIdentity>;
  readonly nodeId: string;
  /** Absent on a node without a data plane. */
  readonly networking?: TaskNetworking;
}

/** What tasks need of the node's networks. */
type TaskNetworking = Pick<Networking, "overlaysOf" | "attached" | "untilWithdrawn">;

const overlaysOf = async (
  { networking }: StepDependencies,
  { task }: AssignedTask,
  signal: AbortSignal,
): Promise<readonly WorkloadOverlay[]> => {
  const { networks = [] } = task;
  if (networks.length === 0) return [];
  if (networking) return networking.overlaysOf(networks, signal);
  throw new OperationError("failed-precondition", "this node has no overlay networks");
};

const statusOf = ({ id, phase, pid, exitCode }: ContainerState): StatusContainer => ({
  id,
  ...(phase === "running" ? { pid } : {}),
  ...(phase === "exited" ? { exitCode } : {}),
});

/** ASSIGNED data -> a created container. */
export const prepareTask = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  signal: AbortSignal,
): Promise<Outcome> => {
  const { Secrets = [], Configs = [] } = assigned.spec.task.ContainerSpec ?? {};
  // After a restart of the daemon the files come with the first set, not from the disk.
  if (Secrets.length + Configs.length > 0) await deps.files.complete(signal);
  const node = await deps.node(signal);
  const overlays = await overlaysOf(deps, assigned, signal);
  const workload = { ...buildWorkload(assigned, node, deps.files, deps.templates), overlays };
  const container = await deps.executor.prepare(workload, signal);
  return { kind: "done", container: statusOf(container) };
};

const findContainer = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  known: StatusContainer | undefined,
  signal: AbortSignal,
): Promise<ContainerState | undefined> => {
  const reference = known?.id ?? "";
  const found = reference === "" ? undefined : await deps.executor.inspect(reference, signal);
  return found ?? deps.executor.inspect(taskName(assigned, { id: deps.nodeId }), signal);
};

/** Somebody removed the container before its id was ever recorded. */
const neverMade = ({ nodeId }: StepDependencies, assigned: AssignedTask): Outcome => ({
  kind: "failed",
  err: `No such container: ${taskName(assigned, { id: nodeId })}`,
});

const gone = (id: string, exitCode?: number): Outcome =>
  exitCode === undefined
    ? { kind: "failed", err: `No such container: ${id}`, container: { id } }
    : endOutcome({ id, exitCode }, false);

/** Stops a container that its health check condemned, and tells how it ended. */
const condemn = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  id: string,
  signal: AbortSignal,
): Promise<Outcome> => {
  await stopContainer(deps, assigned, id, signal);
  const ended = await deps.executor.inspect(id, signal);
  return endOutcome({ id, exitCode: ended?.exitCode ?? 137 }, true);
};

/** A created container -> one that runs and, if it has a health check, is healthy. */
export const startTask = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  known: StatusContainer | undefined,
  signal: AbortSignal,
): Promise<Outcome> => {
  const container = await findContainer(deps, assigned, known, signal);
  if (!container) return known ? gone(known.id) : neverMade(deps, assigned);
  if (container.phase === "created") await startContainer(deps, container.id, signal);
  await attachTask(deps, assigned, container.id, signal);
  const { id } = container;
  const verdict = await deps.monitor.until(id, firstVerdict, signal);
  if (verdict.kind === "gone") return gone(id, verdict.exitCode);
  if (verdict.kind === "unhealthy") return condemn(deps, assigned, id, signal);
  const { ports, phase, exitCode } = verdict.container;
  // Without a health check it has run, however shortly: the next step sees its end. With one it had
  // to become healthy first.
  const checked = verdict.container.health !== undefined;
  if (phase === "exited" && checked && exitCode !== 0) return endOutcome({ id, exitCode }, false);
  return {
    kind: "done",
    container: statusOf(verdict.container),
    ...(ports.length > 0 ? { ports } : {}),
  };
};

/** Sees to the interfaces of a container that was started, unless it has ended already. */
const attachTask = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const overlays = await overlaysOf(deps, assigned, signal);
  if (overlays.length === 0) return;
  const started = await deps.executor.inspect(id, signal);
  if (started?.phase === "running") await deps.networking?.attached(started.pid, overlays, signal);
};

const startContainer = async (
  { executor }: StepDependencies,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await executor.start(id, signal);
  } catch (error) {
    if (signal.aborted || isTemporary(error) || !(error instanceof OperationError)) throw error;
    throw new OperationError(error.kind, `starting container failed: ${error.message}`, {
      cause: error,
    });
  }
};

type Verdict =
  | { readonly kind: "started" | "unhealthy"; readonly container: ContainerState }
  | { readonly kind: "gone"; readonly exitCode?: number };

const firstVerdict = (observation: Observation): Verdict | undefined => {
  if (observation.kind === "gone") return observation;
  const { container } = observation;
  if (container.phase === "created") return undefined;
  if (container.phase === "exited") return { kind: "started", container };
  if (container.health === "starting") return undefined;
  return { kind: container.health === "unhealthy" ? "unhealthy" : "started", container };
};

/** A running container -> its end. */
export const awaitTask = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  known: StatusContainer | undefined,
  signal: AbortSignal,
): Promise<Outcome> => {
  const found = await findContainer(deps, assigned, known, signal);
  const id = found?.id ?? known?.id ?? "";
  if (id === "") return neverMade(deps, assigned);
  const end = await deps.monitor.until<Outcome | "unhealthy">(
    id,
    (observation) => {
      if (observation.kind === "gone") return gone(id, observation.exitCode);
      const { phase, exitCode, health } = observation.container;
      if (phase !== "running") return endOutcome({ id, exitCode }, health === "unhealthy");
      return health === "unhealthy" ? "unhealthy" : undefined;
    },
    signal,
  );
  return end === "unhealthy" ? condemn(deps, assigned, id, signal) : end;
};

/** Stops a container within its grace period; kills it when the engine does not manage to. */
const stopContainer = async (
  { executor, clock }: StepDependencies,
  assigned: AssignedTask,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const graceMs = stopGraceMs(assigned) ?? DEFAULT_STOP_GRACE_MS;
  const started = clock.monotonic();
  try {
    await withTimeout(clock, graceMs + STOP_OVERRUN_MS, signal, (limited) =>
      executor.stop(id, graceMs, limited),
    );
  } catch (error) {
    const overdue = clock.monotonic() - started >= graceMs + STOP_OVERRUN_MS;
    if (signal.aborted || !overdue) throw error;
    await executor.kill(id, signal);
  }
};

/** Any state -> no running container. The container stays, for its logs. */
export const shutdownTask = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  known: StatusContainer | undefined,
  signal: AbortSignal,
): Promise<Outcome> => {
  const container = await findContainer(deps, assigned, known, signal);
  if (!container) return { kind: "done" };
  if (container.phase !== "running") return { kind: "done", container: statusOf(container) };
  // First out of everybody's tables, then asked to end: no connection is lost.
  if ((assigned.task.networks ?? []).length > 0)
    await deps.networking?.untilWithdrawn(assigned.task.id, signal);
  await stopContainer(deps, assigned, container.id, signal);
  const ended = await deps.executor.inspect(container.id, signal);
  return { kind: "done", container: ended ? statusOf(ended) : { id: container.id } };
};

/** Removes the task's container, whatever it does. */
export const discardContainer = async (
  deps: StepDependencies,
  assigned: AssignedTask,
  known: StatusContainer | undefined,
  signal: AbortSignal,
): Promise<void> => {
  const container = await findContainer(deps, assigned, known, signal);
  if (container) await deps.executor.remove(container.id, signal);
};
