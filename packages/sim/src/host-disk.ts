import type { RemotesStore, StoredTask, TaskStore } from "@skein/agent";
import type { ManagerAddress, SpecAssignment } from "@skein/model";
import type { Process } from "./process.ts";

/** Milliseconds that a save takes. */
const SAVE_MS = 3;

/** What an agent has on disk: it outlives its process. */
export class HostDisk {
  readonly #tasks = new Map<string, StoredTask>();
  readonly #specs = new Map<string, SpecAssignment>();
  #managers: readonly ManagerAddress[];

  constructor(managers: readonly ManagerAddress[]) {
    this.#managers = managers;
  }

  /** The tasks as one process reads and writes them. A save that it does not live to see is lost. */
  tasksFor(process: Process): TaskStore {
    return {
      load: async () => {
        await process.sleep(SAVE_MS);
        return { tasks: [...this.#tasks.values()], specs: [...this.#specs.values()] };
      },
      save: async ({ tasks, removedTasks, specs, removedSpecs }) => {
        await process.sleep(SAVE_MS);
        for (const task of tasks) this.#tasks.set(task.task.id, task);
        for (const id of removedTasks) this.#tasks.delete(id);
        for (const spec of specs) this.#specs.set(spec.key, spec);
        for (const key of removedSpecs) this.#specs.delete(key);
      },
      clear: async () => {
        await process.sleep(SAVE_MS);
        this.#tasks.clear();
        this.#specs.clear();
      },
    };
  }

  /** The known managers, likewise. */
  remotesFor(process: Process): RemotesStore {
    return {
      load: async () => {
        await process.sleep(SAVE_MS);
        return this.#managers;
      },
      save: async (managers) => {
        await process.sleep(SAVE_MS);
        if (managers.length > 0) this.#managers = managers;
      },
    };
  }
}
