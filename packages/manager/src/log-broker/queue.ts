/** Messages that may wait for a slow reader before senders are asked to pause. */
const HIGH_WATER = 4096;

/** An unbounded queue that one reader iterates; senders may wait until it is short again. */
export class MessageQueue<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #ended = false;
  #reader: (() => void) | undefined;
  #writers: (() => void)[] = [];

  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    this.#reader?.();
  }

  /** No more items; those that are queued are still read. */
  end(): void {
    this.#ended = true;
    this.#reader?.();
    this.#release();
  }

  /** Resolves when fewer than {@link HIGH_WATER} items wait. */
  ready(): Promise<void> {
    if (this.#ended || this.#items.length < HIGH_WATER) return Promise.resolve();
    return new Promise((resolve) => {
      this.#writers.push(resolve);
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const items = this.#items;
      this.#items = [];
      this.#release();
      yield* items;
      if (this.#items.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
      this.#reader = undefined;
    }
  }

  #release(): void {
    for (const resolve of this.#writers.splice(0)) resolve();
  }
}
