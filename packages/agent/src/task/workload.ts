import { OperationError } from "@skein/base";
import type { SpecAssignment, TaskAssignment, TaskTemplateContext } from "@skein/model";
import type { ContainerSpec, Platform } from "@skein/wire";
import type { Templates, Workload } from "../ports.ts";
import type { FileSource } from "../worker/files.ts";
import { taskFiles } from "./task-files.ts";

/** Who this node is, as containers and templates see it. */
export interface NodeIdentity {
  readonly id: string;
  readonly hostname: string;
  readonly platform: Platform;
}

/** A task with what it is made of. */
export interface AssignedTask {
  readonly task: TaskAssignment;
  readonly spec: SpecAssignment;
}

const slotOf = (task: TaskAssignment, node: Pick<NodeIdentity, "id">): string =>
  task.slot === 0 ? node.id : String(task.slot);

/** The task's name as Docker shows it, which is also its container's. */
export const taskName = ({ task, spec }: AssignedTask, node: Pick<NodeIdentity, "id">): string =>
  `${spec.serviceName}.${slotOf(task, node)}.${task.id}`;

const templateContext = (assigned: AssignedTask, node: NodeIdentity): TaskTemplateContext => ({
  service: {
    id: assigned.spec.serviceId,
    name: assigned.spec.serviceName,
    labels: assigned.spec.serviceLabels,
  },
  node,
  task: {
    id: assigned.task.id,
    name: taskName(assigned, node),
    slot: slotOf(assigned.task, node),
  },
});

const containerOf = ({ spec }: AssignedTask): ContainerSpec => {
  if (!spec.task.ContainerSpec)
    throw new OperationError("invalid-parameter", "unsupported task runtime");
  return spec.task.ContainerSpec;
};

/** How long the task's container may take to stop, in ms; undefined when the spec does not say. */
export const stopGraceMs = ({ spec }: AssignedTask): number | undefined => {
  const grace = spec.task.ContainerSpec?.StopGracePeriod;
  return grace === undefined ? undefined : grace / 1e6;
};

/** Puts together what the executor needs. Throws with Docker's text when the spec cannot be met. */
export const buildWorkload = (
  assigned: AssignedTask,
  node: NodeIdentity,
  files: FileSource,
  templates: Templates,
): Omit<Workload, "overlays"> => {
  const { task, spec } = assigned;
  const context = templateContext(assigned, node);
  const container = templates.expandContainer(containerOf(assigned), context);
  const { Resources, LogDriver } = spec.task;
  return {
    taskId: task.id,
    taskName: context.task.name,
    nodeId: node.id,
    serviceId: spec.serviceId,
    serviceName: spec.serviceName,
    container,
    ...(Resources ? { resources: Resources } : {}),
    ...(LogDriver ? { logDriver: LogDriver } : {}),
    networks: spec.task.Networks ?? [],
    ports: (spec.endpoint?.Ports ?? []).filter(({ PublishMode }) => PublishMode === "host"),
    genericResources: task.genericResources ?? [],
    ...(spec.registryAuth === undefined ? {} : { registryAuth: spec.registryAuth }),
    files: taskFiles(container, files, templates, context),
  };
};
