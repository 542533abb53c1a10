import type { TableName } from "@skein/store";
import type { World } from "../world.ts";
import type { Mirror } from "./mirror.ts";

type Named = Extract<TableName, "services" | "configs" | "secrets" | "nodes">;

/**
 * What operators were told is done: it must be there as long as nobody asks for its removal, and
 * be gone once they were told that it is.
 */
export class Acknowledged {
  readonly #world: World;
  readonly #mirror: Mirror;
  readonly #present = new Map<string, Named>();
  readonly #leaving = new Set<string>();
  readonly #revisions = new Map<string, number>();
  readonly #absent = new Map<string, Named>();

  constructor(world: World, mirror: Mirror) {
    this.#world = world;
    this.#mirror = mirror;
  }

  /** An operator was told that the object exists. */
  created(table: Named, id: string): void {
    this.#present.set(id, table);
    this.check();
  }

  /** An operator was told that the node has this revision of its labels. */
  labelled(nodeId: string, revision: number): void {
    if (this.#leaving.has(nodeId)) return; // somebody else has asked for its removal meanwhile
    this.#revisions.set(nodeId, Math.max(revision, this.#revisions.get(nodeId) ?? 0));
    this.check();
  }

  /** An operator asks for its removal: from now on both may be true. */
  removing(id: string): void {
    this.#leaving.add(id);
    this.#present.delete(id);
    this.#revisions.delete(id);
  }

  /** An operator was told that it is gone. */
  removed(table: Named, id: string): void {
    this.#absent.set(id, table);
    this.check();
  }

  /** Compares with the durable state. */
  check(): void {
    for (const [id, table] of this.#present)
      if (!this.#mirror.rows[table].has(id))
        this.#world.violated(`acknowledged write lost: ${table} ${id} is not on record`);
    for (const [id, revision] of this.#revisions) {
      const labels = this.#mirror.rows.nodes.get(id)?.spec.Labels ?? {};
      if (Number(labels["revision"] ?? 0) < revision)
        this.#world.violated(`acknowledged write lost: labels of node ${id}`);
    }
    for (const [id, table] of this.#absent)
      if (this.#mirror.rows[table].has(id))
        this.#world.violated(`acknowledged removal lost: ${table} ${id} is still on record`);
  }
}
