import type { Task } from "@skein/model";

/** A node with this many failures of a spec version within {@link FAILURE_WINDOW_MS} is avoided. */
const MANY_FAILURES = 5;
const FAILURE_WINDOW_MS = 5 * 60_000;
/** More than this per node and spec version are not told apart. */
const MOST_KEPT = 20;
/** When more spec versions than this have failures, those without recent ones are forgotten. */
const MOST_SPECS = 1000;

/** Whether the task ended in a way that speaks against its node. */
export const isFailure = (task: Task | undefined): task is Task & { nodeId: string } =>
  task?.nodeId !== undefined &&
  (task.status.state === "failed" || task.status.state === "rejected");

/**
 * When tasks failed on which node, for each spec version: recent ones only, and a bounded number.
 * Times are the leader's, in milliseconds since the epoch.
 */
export class FailureLog {
  readonly #specs = new Map<string, Map<string, number[]>>();

  /** Records one failure of a task of `spec` on the node. */
  add(spec: string, nodeId: string, at: number): void {
    const nodes = this.#specs.get(spec) ?? new Map<string, number[]>();
    const times = (nodes.get(nodeId) ?? []).filter((time) => time > at - FAILURE_WINDOW_MS);
    times.push(at);
    nodes.set(nodeId, times.slice(-MOST_KEPT));
    this.#specs.set(spec, nodes);
    if (this.#specs.size > MOST_SPECS) this.#prune(at);
  }

  /** The nodes to avoid at `now`, with how often tasks of `spec` failed there. */
  avoided(spec: string, now: number): ReadonlyMap<string, number> {
    const avoided = new Map<string, number>();
    for (const [nodeId, times] of this.#specs.get(spec) ?? []) {
      const count = times.filter((time) => time > now - FAILURE_WINDOW_MS).length;
      if (count >= MANY_FAILURES) avoided.set(nodeId, count);
    }
    return avoided;
  }

  #prune(now: number): void {
    for (const [spec, nodes] of this.#specs) {
      const newest = Math.max(...[...nodes.values()].flat());
      if (newest <= now - FAILURE_WINDOW_MS) this.#specs.delete(spec);
    }
    const [oldest] = this.#specs.keys();
    if (this.#specs.size > MOST_SPECS && oldest !== undefined) this.#specs.delete(oldest);
  }
}
