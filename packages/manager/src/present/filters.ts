import { OperationError } from "@skein/base";
import type { Config, Node, Secret, Service, Task } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { View } from "@skein/store";
import type { ServiceMode } from "@skein/wire";
import { dirtyTest } from "../orchestrator/dirty-test.ts";
import { findNode, findService } from "./lookup.ts";
import { taskName } from "./task.ts";

/** The `filters` of a list: key to accepted values. Values of one key are alternatives. */
export type Filters = Readonly<Record<string, readonly string[]>>;

type Labels = Readonly<Record<string, string>>;

const invalid = (text: string): OperationError => new OperationError("invalid-parameter", text);

const checkKeys = (filters: Filters, known: readonly string[]): void => {
  for (const key of Object.keys(filters))
    if (!known.includes(key)) throw invalid(`Invalid filter '${key}'`);
};

/** Whether one of the values passes; a filter that was not given always passes. */
const any = (filters: Filters, key: string, test: (value: string) => boolean): boolean => {
  const values = filters[key] ?? [];
  return values.length === 0 || values.some((value) => test(value));
};

const hasPrefix = (text: string | undefined, prefix: string): boolean =>
  (text ?? "").toLowerCase().startsWith(prefix.toLowerCase());

/** `k` or `k=v`; unlike other keys all of the values must pass. */
const hasLabels = (filters: Filters, key: string, labels: Labels | undefined): boolean =>
  (filters[key] ?? []).every((wanted) => {
    const equals = wanted.indexOf("=");
    if (equals === -1) return labels !== undefined && wanted in labels;
    return labels?.[wanted.slice(0, equals)] === wanted.slice(equals + 1);
  });

const checkWords = (filters: Filters, key: string, words: readonly string[]): void => {
  for (const value of filters[key] ?? [])
    if (!words.includes(value.toLowerCase())) throw invalid(`Invalid ${key} filter: '${value}'`);
};

const modeNames: Readonly<Record<keyof ServiceMode, string>> = {
  Replicated: "replicated",
  Global: "global",
  ReplicatedJob: "replicated-job",
  GlobalJob: "global-job",
};

const modeOf = (mode: ServiceMode): string => {
  for (const key of ["Replicated", "Global", "ReplicatedJob", "GlobalJob"] as const)
    if (mode[key]) return modeNames[key];
  return "";
};

/** Services that pass (api.md, "Filters"). Throws (invalid-parameter) on a key that is not known. */
export const filterServices = (view: View, filters: Filters): readonly Service[] => {
  checkKeys(filters, ["id", "name", "label", "mode", "runtime"]);
  return [...view.all("services").values()].filter(
    ({ id, spec }) =>
      any(filters, "id", (value) => id.startsWith(value)) &&
      any(filters, "name", (value) => hasPrefix(spec.Name, value)) &&
      any(filters, "mode", (value) => modeOf(spec.Mode) === value) &&
      any(filters, "runtime", (value) => (spec.TaskTemplate.Runtime ?? "container") === value) &&
      hasLabels(filters, "label", spec.Labels),
  );
};

/** Nodes that pass. Throws (invalid-parameter) on keys and words that are not known. */
export const filterNodes = (view: View, filters: Filters): readonly Node[] => {
  checkKeys(filters, ["id", "name", "label", "node.label", "role", "membership"]);
  checkWords(filters, "role", ["worker", "manager"]);
  checkWords(filters, "membership", ["accepted", "pending"]);
  return [...view.all("nodes").values()].filter(
    ({ id, spec, role, description }) =>
      any(filters, "id", (value) => id.startsWith(value)) &&
      any(
        filters,
        "name",
        (value) => hasPrefix(description?.Hostname, value) || hasPrefix(spec.Name ?? "-", value),
      ) &&
      any(filters, "role", (value) => role === value.toLowerCase()) &&
      any(filters, "membership", (value) => value.toLowerCase() === "accepted") &&
      hasLabels(filters, "label", description?.Engine.Labels) &&
      hasLabels(filters, "node.label", spec.Labels),
  );
};

/** Every word that a desired state filter may be, `allocated` included for older clients. */
const desiredStates = [
  "new",
  "allocated",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
  "remove",
  "orphaned",
];

/** Whether a task need not be replaced; a service's specs are compared once for all its tasks. */
const upToDateTest = (view: View): ((task: Task) => boolean) => {
  const tests = new Map<string, (task: Task) => boolean>();
  return (task) => {
    const service = view.get("services", task.serviceId);
    if (!service) return false;
    if (service.job && (task.jobIteration ?? 0) !== service.job.iteration) return false;
    const isDirty = tests.get(service.id) ?? dirtyTest(view, service);
    tests.set(service.id, isDirty);
    return !isDirty(task);
  };
};

/**
 * Tasks that pass. Throws (invalid-parameter) on keys and words that are not known, and (not-found)
 * when a service or node that the filter names does not exist.
 */
export const filterTasks = (view: View, filters: Filters): readonly Task[] => {
  checkKeys(filters, [
    "id",
    "name",
    "label",
    "service",
    "node",
    "desired-state",
    "_up-to-date",
    "runtime",
  ]);
  for (const value of filters["desired-state"] ?? [])
    if (!desiredStates.includes(value.toLowerCase()))
      throw invalid(`Invalid desired-state filter: '${value}'`);
  const isUpToDate = upToDateTest(view);
  const services = (filters["service"] ?? []).map((ref) => findService(view, ref).id);
  const nodes = (filters["node"] ?? []).map((ref) => findNode(view, ref).id);
  return [...candidates(view, services, nodes)].filter(
    (task) =>
      (services.length === 0 || services.includes(task.serviceId)) &&
      (nodes.length === 0 || nodes.includes(task.nodeId ?? "")) &&
      any(filters, "id", (value) => task.id.startsWith(value)) &&
      any(filters, "name", (value) => hasPrefix(taskName(view, task), value)) &&
      any(filters, "desired-state", (value) => task.desiredState === value.toLowerCase()) &&
      any(filters, "runtime", (value) => runtimeOf(view, task) === value) &&
      hasLabels(filters, "label", view.get("services", task.serviceId)?.spec.Labels) &&
      ((filters["_up-to-date"] ?? []).length === 0 || isUpToDate(task)),
  );
};

/** The smallest indexed set that holds every task which can pass. */
const candidates = (
  view: View,
  services: readonly string[],
  nodes: readonly string[],
): Iterable<Task> => {
  const [service, secondService] = services;
  const [node, secondNode] = nodes;
  if (service !== undefined && secondService === undefined)
    return view.tasksOfService(service).values();
  if (node !== undefined && secondNode === undefined) return view.tasksOfNode(node).values();
  return view.all("tasks").values();
};

const runtimeOf = (view: View, task: Task): string =>
  view.get("specs", specVersionId(task.serviceId, task.specVersion))?.task.Runtime ?? "container";

const filterFiles = <T extends Secret | Config>(
  objects: Iterable<T>,
  filters: Filters,
): readonly T[] =>
  [...objects].filter(
    ({ id, spec }) =>
      any(filters, "id", (value) => id.startsWith(value)) &&
      any(filters, "name", (value) => hasPrefix(spec.Name, value)) &&
      any(filters, "names", (value) => spec.Name === value) &&
      hasLabels(filters, "label", spec.Labels),
  );

/** Secrets that pass. Throws (invalid-parameter) on a key that is not known. */
export const filterSecrets = (view: View, filters: Filters): readonly Secret[] => {
  checkKeys(filters, ["id", "name", "names", "label"]);
  return filterFiles(view.all("secrets").values(), filters);
};

/** Configs that pass. Throws (invalid-parameter) on a key that is not known. */
export const filterConfigs = (view: View, filters: Filters): readonly Config[] => {
  checkKeys(filters, ["id", "name", "label"]);
  return filterFiles(view.all("configs").values(), filters);
};
