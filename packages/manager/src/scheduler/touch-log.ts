import type { NodeLoad } from "./node-load.ts";

/** Entries that are kept; who is further behind has to look at all nodes. */
const MOST_KEPT = 4096;

/** Which nodes changed in any way, in order, so that many can catch up at their own pace. */
export class TouchLog {
  #entries: NodeLoad[] = [];
  /** Position of the first entry that is kept. */
  #start = 0;

  /** The position after the newest entry. */
  get end(): number {
    return this.#start + this.#entries.length;
  }

  add(load: NodeLoad): void {
    this.#entries.push(load);
    if (this.#entries.length < 2 * MOST_KEPT) return;
    this.#start += MOST_KEPT;
    this.#entries = this.#entries.slice(MOST_KEPT);
  }

  /** What was touched since `position`; undefined when that is too long ago. */
  since(position: number): ReadonlySet<NodeLoad> | undefined {
    return position < this.#start
      ? undefined
      : new Set(this.#entries.slice(position - this.#start));
  }
}
