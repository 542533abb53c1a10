/**
 * Wakes those who wait for "something changed". A wake that comes while nobody waits is kept for
 * the next one who does, so that a change between looking and waiting is not missed.
 */
export class SignalBox {
  #rung = false;
  #waiter: (() => void) | undefined;

  /** Wakes the one who waits, or the next one who will. */
  ring(): void {
    this.#rung = true;
    this.#waiter?.();
  }

  /** Resolves at the next {@link SignalBox.ring}, or when the signal is aborted. One at a time. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted)
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#waiter = undefined;
          signal.removeEventListener("abort", done);
          resolve();
        };
        this.#waiter = done;
        signal.addEventListener("abort", done, { once: true });
      });
    this.#rung = false;
  }
}
