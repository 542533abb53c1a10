import type { Service, Task, UpdateProgress } from "@skein/model";
import { isDesiredAlive } from "@skein/model";
import type { View } from "@skein/store";
import type {
  Endpoint,
  Service as ApiService,
  ServiceSpec,
  ServiceStatus,
  TaskSpec,
  UpdateConfig,
  UpdateStatus,
} from "@skein/wire";
import { formatTime } from "@skein/wire";
import { metaOf } from "./meta.ts";

/** Nanoseconds; behaviour.md, section 1.3. */
const STOP_GRACE_NS = 10e9;
const RESTART_DELAY_NS = 5e9;
const MONITOR_NS = 5e9;

const defaultUpdate: UpdateConfig = {
  Parallelism: 1,
  FailureAction: "pause",
  Monitor: MONITOR_NS,
  MaxFailureRatio: 0,
  Order: "stop-first",
};

const withTaskDefaults = (task: TaskSpec): TaskSpec => ({
  ...task,
  ...(task.ContainerSpec
    ? {
        ContainerSpec: {
          ...task.ContainerSpec,
          StopGracePeriod: task.ContainerSpec.StopGracePeriod ?? STOP_GRACE_NS,
          DNSConfig: task.ContainerSpec.DNSConfig ?? {},
        },
      }
    : {}),
  Resources: task.Resources ?? {},
  RestartPolicy: {
    Condition: "any",
    Delay: RESTART_DELAY_NS,
    MaxAttempts: 0,
    ...task.RestartPolicy,
  },
  Placement: task.Placement ?? {},
});

const withMonitor = (config: UpdateConfig | undefined): UpdateConfig =>
  config ? { ...config, Monitor: config.Monitor ?? MONITOR_NS } : defaultUpdate;

/** The spec with the values that Skein uses where it is silent (`insertDefaults`). */
const withDefaults = (spec: ServiceSpec): ServiceSpec => ({
  ...spec,
  TaskTemplate: withTaskDefaults(spec.TaskTemplate),
  UpdateConfig: withMonitor(spec.UpdateConfig),
  RollbackConfig: withMonitor(spec.RollbackConfig),
});

/** Empty unless there are ports or VIPs in it, whatever mode was asked for: so does Docker. */
const endpointOf = ({ endpoint, spec }: Service): Endpoint => {
  if (endpoint) return endpoint;
  const { EndpointSpec } = spec;
  const { Ports = [] } = EndpointSpec ?? {};
  return EndpointSpec && Ports.length > 0 ? { Spec: EndpointSpec, Ports } : { Spec: {} };
};

const updateStatusOf = (update: UpdateProgress): UpdateStatus => ({
  State: update.state,
  StartedAt: formatTime(update.startedAt),
  ...(update.completedAt === undefined ? {} : { CompletedAt: formatTime(update.completedAt) }),
  Message: update.message,
});

const count = (tasks: Iterable<Task>, test: (task: Task) => boolean): number => {
  let found = 0;
  for (const task of tasks) if (test(task)) found += 1;
  return found;
};

/**
 * How many tasks run, should run and are done. Unlike in the reference a task that was asked to stop
 * does not count as running, so that a lost node does not show as `4/3`.
 */
const statusOf = (view: View, service: Service): ServiceStatus => {
  const tasks = view.tasksOfService(service.id);
  const { Mode } = service.spec;
  const iteration = service.job?.iteration ?? 0;
  const isNow = (task: Task): boolean => !service.job || (task.jobIteration ?? 0) === iteration;
  const runs = (task: Task): boolean =>
    isNow(task) && task.status.state === "running" && isDesiredAlive(task.desiredState);
  const isDone = (task: Task): boolean => isNow(task) && task.status.state === "complete";
  const wanted = (task: Task): boolean =>
    isNow(task) && isDesiredAlive(task.desiredState) && !isDone(task);
  const completed = service.job ? count(tasks.values(), isDone) : 0;
  const desired = (): number => {
    if (Mode.Replicated) return Mode.Replicated.Replicas ?? 1;
    if (!Mode.ReplicatedJob) return count(tasks.values(), wanted);
    // As in the reference, also when less is left to do: `0/2 (4/4 completed)`.
    return Mode.ReplicatedJob.MaxConcurrent ?? 1;
  };
  return {
    RunningTasks: count(tasks.values(), runs),
    DesiredTasks: desired(),
    CompletedTasks: completed,
  };
};

/** A service as the API shows it; `status` adds the counts, `insertDefaults` fills the spec. */
export const toApiService = (
  view: View,
  service: Service,
  options: { readonly status?: boolean; readonly insertDefaults?: boolean } = {},
): ApiService => ({
  ...metaOf(service),
  Spec: options.insertDefaults ? withDefaults(service.spec) : service.spec,
  ...(service.previousSpec ? { PreviousSpec: service.previousSpec } : {}),
  Endpoint: endpointOf(service),
  ...(service.update ? { UpdateStatus: updateStatusOf(service.update) } : {}),
  ...(options.status ? { ServiceStatus: statusOf(view, service) } : {}),
  ...(service.job
    ? {
        JobStatus: {
          JobIteration: service.job.iteration === 0 ? {} : { Index: service.job.iteration },
          LastExecution: formatTime(service.job.lastExecution),
        },
      }
    : {}),
});
