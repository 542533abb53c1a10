import type { Node, SpecVersion, Task } from "@skein/model";
import { isDesiredAlive, matchesConstraint, parseConstraint, specVersionId } from "@skein/model";
import type { GenericResource } from "@skein/wire";
import type { Mirror } from "./mirror.ts";
import { occupies } from "./mirror.ts";

/** The spec that a task was made from. */
export const specOf = (mirror: Mirror, task: Task): SpecVersion | undefined =>
  mirror.rows.specs.get(specVersionId(task.serviceId, task.specVersion));

/** Ports that tasks of a spec take on their host. */
const hostPortsOf = (spec: SpecVersion | undefined): readonly string[] =>
  (spec?.endpoint?.Ports ?? []).flatMap(({ PublishMode, Protocol = "tcp", PublishedPort }) =>
    PublishMode === "host" && PublishedPort ? [`${Protocol}/${PublishedPort}`] : [],
  );

const amountOf = (resources: readonly GenericResource[] | undefined): number =>
  (resources ?? []).reduce(
    (sum, { NamedResourceSpec: named, DiscreteResourceSpec: discrete }) =>
      sum + (named ? 1 : 0) + (discrete?.Value ?? 0),
    0,
  );

const repeated = (values: readonly string[]): string | undefined =>
  values.find((value, index) => values.indexOf(value) !== index);

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

/**
 * What is wrong with the tasks that occupy a node: more reserved than there is, a port or a named
 * resource given twice. Written without the scheduler's code, the slow way. Undefined: nothing.
 */
const overfull = (mirror: Mirror, node: Node): string | undefined => {
  const tasks = mirror.tasksOfNode(node.id).filter(occupies);
  const specs = tasks.map((task) => specOf(mirror, task));
  const reserved = specs.map((spec) => spec?.task.Resources?.Reservations);
  const has = node.description?.Resources;
  if (sum(reserved.map((one) => one?.NanoCPUs)) > (has?.NanoCPUs ?? 0)) return "CPUs overbooked";
  if (sum(reserved.map((one) => one?.MemoryBytes)) > (has?.MemoryBytes ?? 0))
    return "memory overbooked";
  const generic = sum(reserved.map((one) => amountOf(one?.GenericResources)));
  if (generic > amountOf(has?.GenericResources)) return "generic resources overbooked";
  const names = tasks.flatMap(({ genericResources = [] }) =>
    genericResources.flatMap(({ NamedResourceSpec: named }) => named?.Value ?? []),
  );
  const twice = repeated(names);
  if (twice !== undefined) return `generic resource ${twice} given twice`;
  const port = repeated(specs.flatMap(hostPortsOf));
  return port === undefined ? undefined : `host port ${port} given twice`;
};

const limitOf = (spec: SpecVersion | undefined): number => spec?.task.Placement?.MaxReplicas ?? 0;

/** Wanted tasks of the service on the node: those that `counts` says. */
const wantedOn = (mirror: Mirror, nodeId: string, counts: (task: Task) => boolean): number =>
  mirror
    .tasksOfNode(nodeId)
    .filter((task) => counts(task) && occupies(task) && isDesiredAlive(task.desiredState)).length;

const nodeRefuses = (mirror: Mirror, task: Task): string | undefined => {
  const node = mirror.rows.nodes.get(task.nodeId ?? "");
  if (!node) return "its node does not exist";
  if (node.status.state !== "ready") return `its node is ${node.status.state}`;
  if (node.spec.Availability !== "active") return `its node is ${node.spec.Availability}`;
  const spec = specOf(mirror, task);
  if (!spec) return "its spec is not on record";
  const violated = (spec.task.Placement?.Constraints ?? []).find(
    (text) => !matchesConstraint(parseConstraint(text), node),
  );
  return violated === undefined ? overfull(mirror, node) : `${violated} does not hold`;
};

/**
 * Why a task must not be on this node where it was just put; undefined when it may. Tasks of a newer
 * spec that came in the same pass are not held against its own limit per node.
 */
export const misplaced = (mirror: Mirror, task: Task): string | undefined => {
  const refused = nodeRefuses(mirror, task);
  if (refused !== undefined) return refused;
  const { serviceId, specVersion, nodeId = "" } = task;
  const limit = limitOf(specOf(mirror, task));
  const count = wantedOn(
    mirror,
    nodeId,
    (other) => other.serviceId === serviceId && other.specVersion === specVersion,
  );
  return limit > 0 && count > limit ? "too many of its service on the node" : undefined;
};

/** Whether the task that waits could be on the node. */
export const wouldFit = (mirror: Mirror, task: Task, node: Node): boolean => {
  const placed: Task = {
    ...task,
    nodeId: node.id,
    status: { ...task.status, state: "assigned" },
  };
  const change = { table: "tasks", id: task.id, before: task, after: placed } as const;
  mirror.apply([change]);
  const limit = limitOf(specOf(mirror, task));
  const count = wantedOn(mirror, node.id, ({ serviceId }) => serviceId === task.serviceId);
  const fits = nodeRefuses(mirror, placed) === undefined && (limit === 0 || count <= limit);
  mirror.apply([{ ...change, before: placed, after: task }]);
  return fits;
};
