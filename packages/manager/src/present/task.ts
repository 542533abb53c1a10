import type { Task, TaskStatus } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { View } from "@skein/store";
import type {
  NetworkAttachment,
  Task as ApiTask,
  TaskSpec,
  TaskStatus as ApiTaskStatus,
} from "@skein/wire";
import { formatTime } from "@skein/wire";
import { metaOf } from "./meta.ts";
import { networksOfTask } from "./task-networks.ts";

/** The name that a task's container has: `web.1.<id>`, for global services `web.<node id>.<id>`. */
export const taskName = (view: View, task: Task): string => {
  const version = view.get("specs", specVersionId(task.serviceId, task.specVersion));
  const slot = task.slot === 0 ? (task.nodeId ?? "") : String(task.slot);
  return `${version?.serviceName ?? ""}.${slot}.${task.id}`;
};

const specOf = (view: View, task: Task): TaskSpec => {
  const version = view.get("specs", specVersionId(task.serviceId, task.specVersion));
  if (!version) return { ForceUpdate: 0 };
  const { Runtime, ...spec } = version.task;
  return Runtime === undefined || Runtime === "container" ? spec : version.task;
};

const statusOf = (status: TaskStatus): ApiTaskStatus => ({
  Timestamp: formatTime(status.timestamp),
  State: status.state,
  ...(status.message === "" ? {} : { Message: status.message }),
  ...(status.err === undefined || status.err === "" ? {} : { Err: status.err }),
  ...(status.container
    ? {
        ContainerStatus: {
          ContainerID: status.container.id,
          PID: status.container.pid ?? 0,
          ExitCode: status.container.exitCode ?? 0,
        },
      }
    : {}),
  PortStatus: status.ports && status.ports.length > 0 ? { Ports: status.ports } : {},
});

const attachments = (
  networks: readonly NetworkAttachment[],
): Pick<ApiTask, "NetworksAttachments"> =>
  networks.length > 0 ? { NetworksAttachments: networks } : {};

/** A task as the API shows it, put together from its record and its spec version. */
export const toApiTask = (view: View, task: Task): ApiTask => ({
  ...metaOf(task),
  Labels: {},
  Spec: specOf(view, task),
  ServiceID: task.serviceId,
  ...(task.slot === 0 ? {} : { Slot: task.slot }),
  ...(task.nodeId === undefined ? {} : { NodeID: task.nodeId }),
  Status: statusOf(task.status),
  DesiredState: task.desiredState,
  ...attachments(networksOfTask(view, task)),
  ...(task.genericResources && task.genericResources.length > 0
    ? { GenericResources: task.genericResources }
    : {}),
  ...(task.jobIteration === undefined
    ? {}
    : { JobIteration: task.jobIteration === 0 ? {} : { Index: task.jobIteration } }),
});
