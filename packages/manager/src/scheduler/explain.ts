import type { Task } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { View } from "@skein/store";
import { lackOf } from "../networks/encryption.ts";
import type { Demand } from "./demand.ts";
import type { FilterName, Requirement } from "./filters.ts";
import { firstRefusal } from "./filters.ts";
import { Ledger } from "./ledger.ts";
import type { NodeLoad } from "./node-load.ts";
import { requirementOf } from "./requirement.ts";

/** Why one node does not take one task. */
export interface NodeRefusal {
  readonly nodeId: string;
  readonly hostname: string;
  /** The first filter that refuses the node. */
  readonly filter: FilterName;
  /** For people, e.g. `needs 2 CPUs, 0.5 of 4 are free`. */
  readonly reason: string;
}

const cpus = (nano: number): string => String(Math.round(nano / 1e7) / 100);
const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1048576)} MiB`;

const resourceReason = (load: NodeLoad, demand: Demand): string => {
  const has = load.node?.description?.Resources;
  const freeCpus = (has?.NanoCPUs ?? 0) - load.nanoCpus;
  if (demand.nanoCpus > freeCpus)
    return `needs ${cpus(demand.nanoCpus)} CPUs, ${cpus(freeCpus)} of ${cpus(has?.NanoCPUs ?? 0)} are free`;
  const freeMemory = (has?.MemoryBytes ?? 0) - load.memoryBytes;
  if (demand.memoryBytes > freeMemory)
    return `needs ${mebibytes(demand.memoryBytes)}, ${mebibytes(freeMemory)} of ${mebibytes(has?.MemoryBytes ?? 0)} are free`;
  const lacking = demand.generic.find(({ kind, amount }) => load.generic.free(kind) < amount);
  if (!lacking) return "";
  const free = load.generic.free(lacking.kind);
  return `needs ${lacking.amount} ${lacking.kind}, ${free > 0 ? free : "none"} is free`;
};

const reasonOf = (
  filter: FilterName,
  load: NodeLoad,
  demand: Demand,
  requirement: Requirement,
): string => {
  const { node } = load;
  switch (filter) {
    case "ready":
      return node?.status.state === "ready"
        ? `availability is ${node.spec.Availability}`
        : `node is ${node?.status.state ?? "gone"}`;
    case "resources":
      return resourceReason(load, demand);
    case "plugins":
      return `needs ${requirement.plugins.map(({ type, name }) => `${type} plugin ${name}`).join(", ")}`;
    case "constraints":
      return `constraints ${(demand.spec.task.Placement?.Constraints ?? []).join(", ")}`;
    case "platform":
      return `platform is ${node?.description?.Platform.OS ?? "?"}/${node?.description?.Platform.Architecture ?? "?"}`;
    case "encryption":
      return `encrypted networks ${requirement.encrypted.join(", ")}: ${lackOf(node)}`;
    case "host-ports":
      return `in use: ${demand.hostPorts.filter((port) => load.hostPorts.has(port)).join(", ")}`;
    case "max-replicas":
      return `has ${load.activeOf(demand.serviceId)} tasks of at most ${demand.maxReplicas}`;
  }
};

/** The same question for a task that waits, asked of the whole state: for people, not for passes. */
const refusals = (view: View, task: Task): readonly NodeRefusal[] => {
  const ledger = Ledger.of(view);
  const demand = ledger.demands.get(specVersionId(task.serviceId, task.specVersion));
  if (!demand) return [];
  const requirement = requirementOf(demand.spec, view);
  return ledger.ranks.nodes.flatMap((load): readonly NodeRefusal[] => {
    if (task.nodeId !== undefined && task.nodeId !== load.id) return [];
    const filter = firstRefusal(load, demand, requirement);
    if (!filter) return [];
    const hostname = load.node?.description?.Hostname ?? "";
    const reason = reasonOf(filter, load, demand, requirement);
    return [{ nodeId: load.id, hostname, filter, reason }];
  });
};

/**
 * For each node that does not take the pending task `taskId`, the first reason, sorted by hostname.
 * Empty when the task does not wait (or not any more).
 */
export const explainPlacement = (view: View, taskId: string): readonly NodeRefusal[] => {
  const task = view.get("tasks", taskId);
  if (task?.status.state !== "pending") return [];
  return refusals(view, task).toSorted((a, b) =>
    a.hostname === b.hostname ? (a.nodeId < b.nodeId ? -1 : 1) : a.hostname < b.hostname ? -1 : 1,
  );
};
