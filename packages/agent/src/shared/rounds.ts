/** Those who wait for the end of a round. */
export class Rounds {
  readonly #waiters = new Set<() => void>();

  /** A round ended. */
  ended(): void {
    for (const wake of this.#waiters) wake();
  }

  /** Resolves when a round ended. Rejects when the signal is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((done, reject) => {
      const finish = (): void => {
        this.#waiters.delete(finish);
        signal.removeEventListener("abort", stop);
        done();
      };
      const stop = (): void => {
        this.#waiters.delete(finish);
        reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      this.#waiters.add(finish);
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}
