import type { Node, Task } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { View } from "@skein/store";

const add = (counts: Map<string, number>, kind: string, count: number): void => {
  counts.set(kind, (counts.get(kind) ?? 0) + count);
};

/** What is left of a node's resources while its tasks take theirs one after the other. */
export class Remainder {
  #nanoCpus: number;
  #memoryBytes: number;
  readonly #names = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor({ description }: Node) {
    this.#nanoCpus = description?.Resources.NanoCPUs ?? 0;
    this.#memoryBytes = description?.Resources.MemoryBytes ?? 0;
    for (const resource of description?.Resources.GenericResources ?? []) {
      const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } = resource;
      if (named) this.#names.add(`${named.Kind}=${named.Value}`);
      if (discrete) this.#counts.set(discrete.Kind ?? "", discrete.Value ?? 0);
    }
  }

  /** Takes what the task reserves; false (and nothing taken) when the node has no longer enough. */
  take(view: View, task: Task): boolean {
    const spec = view.get("specs", specVersionId(task.serviceId, task.specVersion));
    const reserved = spec?.task.Resources?.Reservations;
    const cpus = reserved?.NanoCPUs ?? 0;
    const memory = reserved?.MemoryBytes ?? 0;
    if ((cpus > 0 && cpus > this.#nanoCpus) || (memory > 0 && memory > this.#memoryBytes))
      return false;
    if (!this.#takeGeneric(task)) return false;
    this.#nanoCpus -= cpus;
    this.#memoryBytes -= memory;
    return true;
  }

  #takeGeneric({ genericResources = [] }: Task): boolean {
    const names: string[] = [];
    const counts = new Map<string, number>();
    for (const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } of genericResources) {
      if (named) names.push(`${named.Kind}=${named.Value}`);
      if (discrete) add(counts, discrete.Kind ?? "", discrete.Value ?? 0);
    }
    const has = names.every((name) => this.#names.has(name));
    if (!has || [...counts].some(([kind, count]) => (this.#counts.get(kind) ?? 0) < count))
      return false;
    for (const name of names) this.#names.delete(name);
    for (const [kind, count] of counts) add(this.#counts, kind, -count);
    return true;
  }
}
