/** When each key wants to be looked at again: a heap by time, the newest wish of a key counts. */
export class WakeTimes {
  readonly #times = new Map<string, number>();
  /** May hold wishes that were replaced; they are passed over. */
  #heap: { readonly key: string; readonly time: number }[] = [];

  /** Replaces what `key` asked for before; undefined asks for nothing. */
  set(key: string, time: number | undefined): void {
    if (this.#times.get(key) === time) return;
    if (time === undefined) {
      this.#times.delete(key);
      return;
    }
    this.#times.set(key, time);
    this.#push({ key, time });
  }

  /** The earliest wish. */
  next(): number | undefined {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (this.#times.get(top.key) === top.time) return top.time;
      this.#pop();
    }
    return undefined;
  }

  /** Takes out every key whose time has come. */
  due(now: number): readonly string[] {
    const keys: string[] = [];
    for (let time = this.next(); time !== undefined && time <= now; time = this.next()) {
      const key = this.#heap[0]?.key ?? "";
      this.#times.delete(key);
      this.#pop();
      keys.push(key);
    }
    return keys;
  }

  clear(): void {
    this.#times.clear();
    this.#heap = [];
  }

  #push(entry: { readonly key: string; readonly time: number }): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.time <= entry.time) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (!left) break;
      const child = right && right.time < left.time ? right : left;
      if (child.time >= last.time) break;
      heap[at] = child;
      at = child === left ? 2 * at + 1 : 2 * at + 2;
    }
    heap[at] = last;
  }
}
