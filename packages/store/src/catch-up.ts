import type { Log, LogBatch } from "./ports.ts";

/**
 * How many batches are brought over for each one that is committed meanwhile. More than one, so that
 * the end comes nearer however fast somebody writes.
 */
const PER_COMMIT = 4;

interface Waiter {
  /** How many batches must have been brought over. */
  readonly count: number;
  readonly resolve: () => void;
}

/** What was committed to a log since it began to be copied, on its way into the copy. */
export class CatchUp {
  readonly #batches: LogBatch[] = [];
  #brought = 0;
  #isUnderWay = false;
  #waiters: readonly Waiter[] = [];

  /** A batch was committed to the former log. */
  add(batch: LogBatch): void {
    this.#batches.push(batch);
  }

  /**
   * Brings over what came after index `copied`, until nothing is left. Called again, it goes on from
   * there. Rejects as the target's commit does.
   */
  async bring(target: Log, term: number, copied: number): Promise<void> {
    this.#isUnderWay = true;
    try {
      for (
        let batch = this.#batches[this.#brought];
        batch !== undefined;
        batch = this.#batches[this.#brought]
      ) {
        if (batch.index > copied) await target.commit({ ...batch, term });
        this.#brought += 1;
        this.#wake();
      }
    } finally {
      this.#isUnderWay = false;
      this.#wake();
    }
  }

  /** To be awaited before each commit: while batches are brought over it lets that gain ground. */
  turn(): Promise<void> {
    if (!this.#isUnderWay) return Promise.resolve();
    const count = this.#brought + PER_COMMIT;
    return new Promise((resolve) => {
      this.#waiters = [...this.#waiters, { count, resolve }];
    });
  }

  #wake(): void {
    const isDue = ({ count }: Waiter): boolean => !this.#isUnderWay || count <= this.#brought;
    const due = this.#waiters.filter(isDue);
    this.#waiters = this.#waiters.filter((waiter) => !isDue(waiter));
    for (const { resolve } of due) resolve();
  }
}
