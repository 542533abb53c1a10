/** Something that will happen. Events at one time happen in the order of their sequence. */
export interface SimEvent {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

const isBefore = (a: SimEvent, b: SimEvent): boolean =>
  a.at < b.at || (a.at === b.at && a.sequence < b.sequence);

/** A binary heap of events, the next one first. */
export class EventHeap {
  readonly #events: SimEvent[] = [];

  get size(): number {
    return this.#events.length;
  }

  /** The next event, left where it is. */
  peek(): SimEvent | undefined {
    return this.#events[0];
  }

  push(event: SimEvent): void {
    const events = this.#events;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = events[parent];
      if (!above || !isBefore(event, above)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  pop(): SimEvent | undefined {
    const first = this.#events[0];
    const last = this.#events.pop();
    if (last && last !== first) this.#sink(last);
    return first;
  }

  #sink(event: SimEvent): void {
    const events = this.#events;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = events[child];
      const right = events[child + 1];
      if (left && right && isBefore(right, left)) child += 1;
      const smaller = events[child];
      if (!smaller || !isBefore(smaller, event)) break;
      events[index] = smaller;
      index = child;
    }
    events[index] = event;
  }
}
