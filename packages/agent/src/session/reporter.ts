import type { Clock } from "@skein/base";
import type { TaskStatus, UpMessage } from "@skein/model";
import { STATUS_BATCH_MS, STATUS_BATCH_SIZE } from "../limits.ts";

type Statuses = Extract<UpMessage, { type: "statuses" }>;

interface Pending {
  readonly status: TaskStatus;
  /** The message that carried it; undefined as long as it was not sent. */
  sent?: number;
}

/**
 * Sends statuses to the manager of one session: at once when nothing was sent lately, otherwise
 * gathered for {@link STATUS_BATCH_MS}. Of each task only the newest counts. A status is pending
 * until the manager has it on disk; the next session starts with all there are.
 */
export class Reporter {
  readonly #clock: Clock;
  readonly #send: (message: Statuses) => void;
  readonly #signal: AbortSignal;
  readonly #pending = new Map<string, Pending>();
  #sequence = 0;
  /** Monotonic ms. */
  #lastSent = -Infinity;
  #scheduled = false;

  constructor(clock: Clock, send: (message: Statuses) => void, signal: AbortSignal) {
    this.#clock = clock;
    this.#send = send;
    this.#signal = signal;
  }

  /** Statuses that the manager has not acknowledged. */
  get pending(): number {
    return this.#pending.size;
  }

  report(taskId: string, status: TaskStatus): void {
    this.#pending.delete(taskId); // so that the order is that of the reports
    this.#pending.set(taskId, { status });
    this.#schedule();
  }

  acknowledge(sequence: number): void {
    for (const [taskId, { sent }] of this.#pending)
      if (sent !== undefined && sent <= sequence) this.#pending.delete(taskId);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = Math.max(0, this.#lastSent + STATUS_BATCH_MS - this.#clock.monotonic());
    const turn = wait === 0 ? Promise.resolve() : this.#clock.sleep(wait, this.#signal);
    turn.then(
      () => this.#flush(),
      () => {}, // the session is over
    );
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#signal.aborted) return;
    const unsent = [...this.#pending].filter(([, { sent }]) => sent === undefined);
    for (let start = 0; start < unsent.length; start += STATUS_BATCH_SIZE) {
      const batch = unsent.slice(start, start + STATUS_BATCH_SIZE);
      this.#sequence += 1;
      for (const [, pending] of batch) pending.sent = this.#sequence;
      this.#send({
        type: "statuses",
        sequence: this.#sequence,
        statuses: batch.map(([taskId, { status }]) => ({ taskId, status })),
      });
    }
    this.#lastSent = this.#clock.monotonic();
  }
}
