import type { Assignments, SpecAssignment, TaskAssignment } from "@skein/model";
import type { ConfigSpec, SecretSpec } from "@skein/wire";
import type { AssignedTask } from "../task/workload.ts";

/** What a message changed: tasks that are new or wanted otherwise, and tasks that left. */
export interface AssignmentChange {
  readonly changed: readonly AssignedTask[];
  readonly removed: readonly string[];
  /** Specs that came, and keys of those that nobody refers to any more. */
  readonly specs: readonly SpecAssignment[];
  readonly removedSpecs: readonly string[];
}

/**
 * What the manager wants of this node: tasks, what they are made of, and the secrets and configs
 * that they use. Mutable; changed by messages only.
 */
export class AssignmentSet {
  readonly #tasks = new Map<string, TaskAssignment>();
  readonly #specs = new Map<string, SpecAssignment>();
  readonly #secrets = new Map<string, SecretSpec>();
  readonly #configs = new Map<string, ConfigSpec>();
  /** Of the last message; undefined until a full set came in this session. */
  #sequence: number | undefined;

  /** Starts from what was kept on disk, until a manager is reached. */
  restore(tasks: readonly TaskAssignment[], specs: readonly SpecAssignment[]): void {
    for (const spec of specs) this.#specs.set(spec.key, spec);
    for (const task of tasks) if (this.#specs.has(task.spec)) this.#tasks.set(task.id, task);
  }

  /** A new session begins: only a full set can come next. */
  beginSession(): void {
    this.#sequence = undefined;
  }

  /** Whether the task is wanted (or its end is still on record). */
  has(taskId: string): boolean {
    return this.#tasks.has(taskId);
  }

  get(taskId: string): AssignedTask | undefined {
    const task = this.#tasks.get(taskId);
    const spec = task && this.#specs.get(task.spec);
    return spec && { task, spec };
  }

  secret(id: string): SecretSpec | undefined {
    return this.#secrets.get(id);
  }

  config(id: string): ConfigSpec | undefined {
    return this.#configs.get(id);
  }

  /**
   * Takes a message over. Undefined when it does not follow the last one, or names a spec that was
   * never sent: nothing has changed then, and the session must be opened anew.
   */
  apply(message: Assignments): AssignmentChange | undefined {
    const full = message.kind === "full";
    if (!full && message.sequence - 1 !== this.#sequence) return undefined;
    const arriving = new Set(message.specs.map(({ key }) => key));
    const known = (key: string): boolean => arriving.has(key) || (!full && this.#specs.has(key));
    if (message.tasks.some(({ spec }) => !known(spec))) return undefined;
    this.#sequence = message.sequence;
    const removed = this.#replaceTasks(message, full);
    this.#replaceFiles(message, full);
    for (const spec of message.specs) this.#specs.set(spec.key, spec);
    return {
      changed: message.tasks.flatMap(({ id }) => this.get(id) ?? []),
      removed,
      specs: message.specs,
      removedSpecs: this.#forgetSpecs(),
    };
  }

  #replaceTasks(message: Assignments, full: boolean): readonly string[] {
    const staying = new Set(message.tasks.map(({ id }) => id));
    const removed = full
      ? [...this.#tasks.keys()].filter((id) => !staying.has(id))
      : message.removedTasks.filter((id) => this.#tasks.has(id) && !staying.has(id));
    for (const id of removed) this.#tasks.delete(id);
    for (const task of message.tasks) this.#tasks.set(task.id, task);
    return removed;
  }

  #replaceFiles(message: Assignments, full: boolean): void {
    if (full) {
      this.#secrets.clear();
      this.#configs.clear();
    }
    for (const id of message.removedSecrets) this.#secrets.delete(id);
    for (const id of message.removedConfigs) this.#configs.delete(id);
    for (const { id, spec } of message.secrets) this.#secrets.set(id, spec);
    for (const { id, spec } of message.configs) this.#configs.set(id, spec);
  }

  /** The manager forgets a spec with its last task, and sends it again with the next. */
  #forgetSpecs(): readonly string[] {
    const used = new Set([...this.#tasks.values()].map(({ spec }) => spec));
    const unused = [...this.#specs.keys()].filter((key) => !used.has(key));
    for (const key of unused) this.#specs.delete(key);
    return unused;
  }
}
