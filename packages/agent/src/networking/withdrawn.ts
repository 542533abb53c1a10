import type { Clock } from "@skein/base";
import { pause } from "../shared/cancel.ts";

/** How long a stopping task waits until it is out of everybody's tables, in ms. */
const WITHDRAW_MS = 2_000;

/** Tasks that are to stop, and wait until nobody sends them new connections. */
export class Withdrawn {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nobody sends new connections to these tasks any more. */
  tell(taskIds: readonly string[]): void {
    for (const id of taskIds) this.#waiting.get(id)?.();
  }

  /** Resolves when that was told of the task, or after two seconds. */
  async until(taskId: string, signal: AbortSignal): Promise<void> {
    const told = new Promise<void>((done) => {
      this.#waiting.set(taskId, done);
    });
    await Promise.race([told, pause(this.#clock, WITHDRAW_MS, signal)]);
    this.#waiting.delete(taskId);
  }
}
