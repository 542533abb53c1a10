import type {
  Assignments,
  FileAssignment,
  SpecAssignment,
  Task,
  TaskAssignment,
} from "@skein/model";
import { compareStates, isTerminal, specVersionId } from "@skein/model";
import type { Change, View } from "@skein/store";
import type { ConfigSpec, SecretSpec } from "@skein/wire";

/** Whether the node `nodeId` must know this task: it was given to it, and is still on record. */
const isAssignedTo = (task: Task | undefined, nodeId: string): task is Task =>
  task?.nodeId === nodeId && compareStates(task.status.state, "assigned") >= 0;

/** Whether the node needs the task's secrets and configs: it runs or will run. */
const needsFiles = (task: Task): boolean => !isTerminal(task.status.state);

const toTaskAssignment = (task: Task): TaskAssignment => ({
  id: task.id,
  spec: specVersionId(task.serviceId, task.specVersion),
  slot: task.slot,
  desiredState: task.desiredState,
  state: task.status.state,
  ...(task.genericResources ? { genericResources: task.genericResources } : {}),
  ...(task.networks ? { networks: task.networks } : {}),
});

/** Counts who refers to what, and tells when a key is first and last used. */
class References {
  readonly #users = new Map<string, Set<string>>();

  /** True when `key` was not used before. */
  add(key: string, user: string): boolean {
    const users = this.#users.get(key);
    if (users) users.add(user);
    else this.#users.set(key, new Set([user]));
    return users === undefined;
  }

  /** True when `user` was the last one. */
  remove(key: string, user: string): boolean {
    const users = this.#users.get(key);
    if (!users?.delete(user) || users.size > 0) return false;
    this.#users.delete(key);
    return true;
  }
}

interface Known {
  readonly spec: string;
  readonly secrets: readonly string[];
  readonly configs: readonly string[];
}

interface Draft {
  readonly specs: SpecAssignment[];
  readonly tasks: TaskAssignment[];
  readonly removedTasks: string[];
  readonly secrets: Map<string, FileAssignment<SecretSpec>>;
  readonly removedSecrets: Set<string>;
  readonly configs: Map<string, FileAssignment<ConfigSpec>>;
  readonly removedConfigs: Set<string>;
}

const emptyDraft = (): Draft => ({
  specs: [],
  tasks: [],
  removedTasks: [],
  secrets: new Map(),
  removedSecrets: new Set(),
  configs: new Map(),
  removedConfigs: new Set(),
});

/**
 * What one session's node has been told, and the differences that follow from durable changes.
 * A spec, secret or config is sent with the first task that uses it, and forgotten on both sides
 * with the last.
 */
export class AssignmentSet {
  readonly #nodeId: string;
  readonly #tasks = new Map<string, Known>();
  readonly #specs = new References();
  readonly #secrets = new References();
  readonly #configs = new References();
  #sequence = 0;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** Everything for the node, as the view has it. Call once, first. */
  full(view: View): Assignments {
    const draft = emptyDraft();
    for (const task of view.tasksOfNode(this.#nodeId).values())
      if (isAssignedTo(task, this.#nodeId)) this.#add(view, draft, task);
    return this.#message("full", draft);
  }

  /** The difference that these changes make for the node; undefined when they make none. */
  delta(view: View, changes: readonly Change[]): Assignments | undefined {
    const draft = emptyDraft();
    for (const change of changes) {
      if (change.table !== "tasks") continue;
      const { before, after } = change;
      if (isAssignedTo(after, this.#nodeId)) this.#change(view, draft, before, after);
      else if (this.#tasks.has(change.id)) this.#remove(draft, change.id);
    }
    const { tasks, removedTasks, removedSecrets, removedConfigs } = draft;
    const size = tasks.length + removedTasks.length + removedSecrets.size + removedConfigs.size;
    return size === 0 ? undefined : this.#message("delta", draft);
  }

  #change(view: View, draft: Draft, before: Task | undefined, after: Task): void {
    const known = this.#tasks.has(after.id);
    const echo = known && before?.desiredState === after.desiredState;
    if (!known) this.#add(view, draft, after);
    else if (!echo) draft.tasks.push(toTaskAssignment(after));
    if (known && !needsFiles(after)) this.#dropFiles(draft, after.id);
  }

  #add(view: View, draft: Draft, task: Task): void {
    const spec = specVersionId(task.serviceId, task.specVersion);
    const version = view.get("specs", spec);
    if (this.#specs.add(spec, task.id)) {
      const assignment = specAssignment(view, task);
      if (assignment) draft.specs.push(assignment);
    }
    const container = needsFiles(task) ? version?.task.ContainerSpec : undefined;
    const secrets = (container?.Secrets ?? []).map(({ SecretID }) => SecretID);
    const configs = (container?.Configs ?? []).map(({ ConfigID }) => ConfigID);
    this.#tasks.set(task.id, { spec, secrets, configs });
    draft.tasks.push(toTaskAssignment(task));
    for (const id of secrets) {
      const secret = view.get("secrets", id);
      if (this.#secrets.add(id, task.id) && secret) draft.secrets.set(id, toFile(secret));
      draft.removedSecrets.delete(id);
    }
    for (const id of configs) {
      const config = view.get("configs", id);
      if (this.#configs.add(id, task.id) && config) draft.configs.set(id, toFile(config));
      draft.removedConfigs.delete(id);
    }
  }

  #remove(draft: Draft, id: string): void {
    this.#dropFiles(draft, id);
    const known = this.#tasks.get(id);
    if (known) this.#specs.remove(known.spec, id);
    this.#tasks.delete(id);
    draft.removedTasks.push(id);
  }

  #dropFiles(draft: Draft, id: string): void {
    const known = this.#tasks.get(id);
    if (!known) return;
    for (const secret of known.secrets)
      if (this.#secrets.remove(secret, id)) {
        draft.removedSecrets.add(secret);
        draft.secrets.delete(secret);
      }
    for (const config of known.configs)
      if (this.#configs.remove(config, id)) {
        draft.removedConfigs.add(config);
        draft.configs.delete(config);
      }
    this.#tasks.set(id, { ...known, secrets: [], configs: [] });
  }

  #message(kind: "full" | "delta", draft: Draft): Assignments {
    this.#sequence += 1;
    return {
      type: "assignments",
      kind,
      sequence: this.#sequence,
      specs: draft.specs,
      tasks: draft.tasks,
      removedTasks: draft.removedTasks,
      secrets: [...draft.secrets.values()],
      removedSecrets: [...draft.removedSecrets],
      configs: [...draft.configs.values()],
      removedConfigs: [...draft.removedConfigs],
    };
  }
}

const toFile = <Spec>(object: {
  id: string;
  version: number;
  spec: Spec;
}): FileAssignment<Spec> => ({
  id: object.id,
  version: object.version,
  spec: object.spec,
});

/** The spec of a task with what the cluster knows: names of service and networks, the default log driver. */
const specAssignment = (view: View, task: Task): SpecAssignment | undefined => {
  const key = specVersionId(task.serviceId, task.specVersion);
  const version = view.get("specs", key);
  if (!version) return undefined;
  const service = view.get("services", task.serviceId);
  const [cluster] = view.all("clusters").values();
  const driver = version.task.LogDriver ?? cluster?.spec.TaskDefaults.LogDriver;
  const networks = version.task.Networks?.map((attachment) => {
    const network = view.get("networks", attachment.Target ?? "");
    return network ? { ...attachment, Target: network.name } : attachment;
  });
  return {
    key,
    serviceId: task.serviceId,
    serviceName: service?.spec.Name ?? version.serviceName,
    serviceLabels: service?.spec.Labels ?? {},
    task: {
      ...version.task,
      ...(driver ? { LogDriver: driver } : {}),
      ...(networks ? { Networks: networks } : {}),
    },
    ...(version.endpoint ? { endpoint: version.endpoint } : {}),
    ...(version.registryAuth === undefined ? {} : { registryAuth: version.registryAuth }),
  };
};
