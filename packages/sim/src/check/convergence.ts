import type { Node, Service, Task } from "@skein/model";
import { compareStates, isTerminal, matchesConstraint, parseConstraint } from "@skein/model";
import type { Host } from "../host.ts";
import { freeAddresses } from "./addresses.ts";
import type { Mirror } from "./mirror.ts";
import { slotOf } from "./mirror.ts";
import { wouldFit } from "./room.ts";

/** Most ended tasks of a slot that may stay on record, with some room for those that just ended. */
const HISTORY = 7;

const isWanted = (task: Task): boolean => compareStates(task.desiredState, "complete") <= 0;
const isLive = (task: Task): boolean => isWanted(task) && !isTerminal(task.status.state);

/** It has no node, or not even addresses. */
const isWaiting = ({ status: { state } }: Task): boolean => state === "pending" || state === "new";

/** A slot that its restart policy left to itself. */
const isSettledEnd = (service: Service, tasks: readonly Task[]): boolean => {
  const policy = service.spec.TaskTemplate.RestartPolicy;
  const limited = (policy?.MaxAttempts ?? 0) > 0 || (policy?.Condition ?? "any") !== "any";
  return limited && tasks.some(({ status }) => isTerminal(status.state));
};

const slotsOf = (tasks: readonly Task[], global: boolean): ReadonlyMap<string, readonly Task[]> => {
  const slots = new Map<string, Task[]>();
  for (const task of tasks) {
    const key = slotOf(task, global);
    slots.set(key, [...(slots.get(key) ?? []), task]);
  }
  return slots;
};

/** A slot is right when its wanted task runs, or waits and no node can take it. */
const slotProblem = (
  mirror: Mirror,
  service: Service,
  tasks: readonly Task[],
): string | undefined => {
  const live = tasks.filter(isLive);
  const [task] = live;
  const where = `${service.spec.Name ?? ""} slot ${tasks[0]?.slot ?? "?"}`;
  if (!task) return isSettledEnd(service, tasks) ? undefined : `${where} has no task`;
  // A start-first update cannot go on while the new task finds no node: often its port is taken.
  const overlaps = live.some(isWaiting);
  if (live.length > 1) return overlaps ? undefined : `${where} has ${live.length} tasks`;
  if (task.status.state === "running" && task.desiredState !== "ready") return undefined;
  return waitProblem(mirror, task, where);
};

/** A live task that does not run must wait, and rightly so. */
const waitProblem = (mirror: Mirror, task: Task, where: string): string | undefined => {
  if (task.status.state === "new" && task.status.err?.startsWith("no address is left"))
    return freeAddresses(mirror, task) ? `${where} waits although addresses are free` : undefined;
  if (task.status.state !== "pending")
    return `${where} is ${task.status.state}, wanted ${task.desiredState}`;
  const nodes = [...mirror.rows.nodes.values()];
  const fit = nodes.find(
    (node) =>
      (task.nodeId === undefined || task.nodeId === node.id) && wouldFit(mirror, task, node),
  );
  return fit ? `${where} waits although ${fit.id} would take it` : undefined;
};

/** Which slots the service must have. */
const expectedSlots = (mirror: Mirror, service: Service): readonly string[] | undefined => {
  const { Replicated, Global } = service.spec.Mode;
  if (Global)
    return [...mirror.rows.nodes.values()]
      .filter((node) => eligible(service, node))
      .map(({ id }) => `${service.id}/${id}`);
  return Replicated ? undefined : [];
};

const eligible = (service: Service, node: Node): boolean =>
  node.status.state === "ready" &&
  node.spec.Availability === "active" &&
  (service.spec.TaskTemplate.Placement?.Constraints ?? []).every((text) =>
    matchesConstraint(parseConstraint(text), node),
  );

/** A job is done, or waits for room, or was given up as its policy says. */
const jobProblem = (mirror: Mirror, service: Service): string | undefined => {
  const { ReplicatedJob, GlobalJob } = service.spec.Mode;
  const iteration = service.job?.iteration ?? 0;
  const tasks = mirror
    .tasksOfService(service.id)
    .filter((task) => (task.jobIteration ?? 0) === iteration);
  const name = service.spec.Name ?? service.id;
  const live = tasks.find(isLive);
  if (live) return waitProblem(mirror, live, name);
  const slots = slotsOf(tasks, GlobalJob !== undefined);
  // A global job leaves out nodes that take no tasks.
  const counts = ({ nodeId = "" }: Task): boolean => {
    const node = mirror.rows.nodes.get(nodeId);
    return GlobalJob === undefined || (node !== undefined && eligible(service, node));
  };
  const open = [...slots.values()].filter(
    (slot) => slot.some(counts) && !slot.some(({ status }) => status.state === "complete"),
  );
  if (open.some((slot) => !isSettledEnd(service, slot))) return `${name} has stopped too early`;
  const total = ReplicatedJob?.TotalCompletions ?? ReplicatedJob?.MaxConcurrent ?? 1;
  return ReplicatedJob && slots.size !== total
    ? `${name} has ${slots.size} slots, not ${total}`
    : undefined;
};

const serviceProblem = (mirror: Mirror, service: Service): string | undefined => {
  const { Replicated, Global, ReplicatedJob, GlobalJob } = service.spec.Mode;
  const global = Global !== undefined || GlobalJob !== undefined;
  const slots = slotsOf(mirror.tasksOfService(service.id), global);
  const name = service.spec.Name ?? service.id;
  const waits = [...slots.values()].some((tasks) =>
    tasks.some((task) => isLive(task) && isWaiting(task)),
  );
  const state = service.update?.state;
  if ((state === "updating" || state === "rollback_started") && !waits)
    return `${name} is ${state}`;
  if (ReplicatedJob || GlobalJob) return jobProblem(mirror, service);
  const paused = state === "paused" || state === "rollback_paused";
  const current = [...slots.values()].filter(
    (tasks) => tasks.some(isLive) || isSettledEnd(service, tasks),
  );
  if (
    Replicated &&
    current.filter((tasks) => tasks.some(isLive)).length > (Replicated.Replicas ?? 0)
  )
    return `${name} has more slots than replicas`;
  if (Replicated && current.length < (Replicated.Replicas ?? 0))
    return `${name} has ${current.length} slots of ${Replicated.Replicas ?? 0}`;
  for (const slot of expectedSlots(mirror, service) ?? [])
    if (!slots.has(slot)) return `${name} has no task for ${slot}`;
  for (const tasks of current) {
    const problem = slotProblem(mirror, service, tasks);
    if (problem !== undefined && !paused) return problem;
  }
  return undefined;
};

const historyProblem = (mirror: Mirror): string | undefined => {
  for (const service of mirror.rows.services.values()) {
    if (service.spec.Mode.ReplicatedJob ?? service.spec.Mode.GlobalJob) continue;
    const attempts = service.spec.TaskTemplate.RestartPolicy?.MaxAttempts ?? 0;
    const global = service.spec.Mode.Global !== undefined;
    for (const [slot, tasks] of slotsOf(mirror.tasksOfService(service.id), global))
      if (tasks.length > Math.max(HISTORY, attempts + 3))
        return `slot ${slot} has ${tasks.length} records`;
  }
  for (const task of mirror.rows.tasks.values())
    if (!mirror.rows.services.has(task.serviceId) && isTerminal(task.status.state))
      return `task ${task.id} of a removed service is still on record`;
  return undefined;
};

const nodeProblem = (mirror: Mirror, host: Host): string | undefined => {
  const node = mirror.rows.nodes.get(host.nodeId);
  if (!node) return undefined;
  const { state } = node.status;
  const expected = host.healthy ? "ready" : "down";
  return state === expected ? undefined : `node ${host.name} is ${state}, not ${expected}`;
};

/** What the engine has must be what the cluster thinks it has. */
const engineProblem = (mirror: Mirror, host: Host): string | undefined => {
  if (!host.healthy || !mirror.rows.nodes.has(host.nodeId)) return undefined;
  const tasks = new Map(mirror.tasksOfNode(host.nodeId).map((task) => [task.id, task]));
  for (const { taskId, phase } of host.engine.containers.all.values()) {
    const task = tasks.get(taskId);
    if (!task) return `container of ${taskId} on ${host.name} belongs to no task`;
    if (phase === "running" && task.status.state !== "running")
      return `container of ${taskId} on ${host.name} runs, its task is ${task.status.state}`;
  }
  const runs = (id: string): boolean =>
    [...host.engine.containers.all.values()].some(
      ({ taskId, phase }) => taskId === id && phase === "running",
    );
  for (const task of tasks.values())
    if (task.status.state === "running" && !runs(task.id))
      return `task ${task.id} on ${host.name} is running, its container is not`;
    else if (!isWanted(task) && !isTerminal(task.status.state))
      return `task ${task.id} on ${host.name} was asked to stop and is ${task.status.state}`;
  for (const taskId of host.engine.files.keys()) {
    const task = tasks.get(taskId);
    if (!task || isTerminal(task.status.state))
      return `secrets of ${taskId} are still on ${host.name}`;
  }
  return undefined;
};

/**
 * What is not yet as it should be when nothing fails any more; undefined when all is well: every
 * service has its tasks, engines run exactly them, nodes are known for what they are.
 */
export const unsettled = (mirror: Mirror, hosts: readonly Host[]): string | undefined => {
  for (const host of hosts) {
    const problem = nodeProblem(mirror, host) ?? engineProblem(mirror, host);
    if (problem !== undefined) return problem;
  }
  for (const service of mirror.rows.services.values()) {
    const problem = serviceProblem(mirror, service);
    if (problem !== undefined) return problem;
  }
  return historyProblem(mirror);
};
