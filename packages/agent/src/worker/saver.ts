import type { Logger } from "@skein/base";
import { messageOf } from "@skein/base";
import type { StoredTask, TaskStore, TaskStoreChanges } from "../ports.ts";
import type { SpecAssignment } from "@skein/model";

/**
 * Writes what changed to the task store, one save at a time: what changes during a save goes
 * into the next. The truth is with the manager, so nobody waits for it and a failure only warns.
 */
export class Saver {
  readonly #store: TaskStore;
  readonly #logger: Logger;
  /** Undefined stands for removed. */
  readonly #tasks = new Map<string, StoredTask | undefined>();
  readonly #specs = new Map<string, SpecAssignment | undefined>();
  #saving: Promise<void> | undefined;

  constructor(store: TaskStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  putTask(task: StoredTask): void {
    this.#tasks.set(task.task.id, task);
    this.#saveSoon();
  }

  removeTask(id: string): void {
    this.#tasks.set(id, undefined);
    this.#saveSoon();
  }

  putSpecs(specs: readonly SpecAssignment[], removed: readonly string[]): void {
    for (const spec of specs) this.#specs.set(spec.key, spec);
    for (const key of removed) this.#specs.set(key, undefined);
    if (specs.length + removed.length > 0) this.#saveSoon();
  }

  /** Resolves when everything is written or has failed. */
  async flush(): Promise<void> {
    while (this.#saving) await this.#saving;
  }

  #saveSoon(): void {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
      if (this.#tasks.size + this.#specs.size > 0) this.#saveSoon();
    });
  }

  async #save(): Promise<void> {
    await Promise.resolve(); // gathers what the same turn still changes
    const changes = this.#take();
    try {
      await this.#store.save(changes);
    } catch (error) {
      this.#logger.warn("tasks not saved", { error: messageOf(error) });
    }
  }

  #take(): TaskStoreChanges {
    const tasks = [...this.#tasks];
    const specs = [...this.#specs];
    this.#tasks.clear();
    this.#specs.clear();
    return {
      tasks: tasks.flatMap(([, task]) => task ?? []),
      removedTasks: tasks.flatMap(([id, task]) => (task ? [] : [id])),
      specs: specs.flatMap(([, spec]) => spec ?? []),
      removedSpecs: specs.flatMap(([key, spec]) => (spec ? [] : [key])),
    };
  }
}
