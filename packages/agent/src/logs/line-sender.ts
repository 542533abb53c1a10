import type { LogMessage } from "@skein/model";
import { LOG_BATCH_BYTES, LOG_BATCH_LINES } from "../limits.ts";
import type { LogStream } from "../ports.ts";
import { SignalBox } from "../shared/signal-box.ts";

/**
 * Sends lines in pieces: while one piece is on its way the next one gathers, so that a lone line
 * goes out at once and a flood goes out in few messages. Whoever adds faster than the stream takes
 * has to wait.
 */
export class LineSender {
  readonly #stream: LogStream;
  readonly #signal: AbortSignal;
  readonly #lines = new SignalBox();
  readonly #space = new SignalBox();
  #batch: LogMessage[] = [];
  #bytes = 0;
  #complete = false;

  constructor(stream: LogStream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  /** Resolves when more may be added. */
  async add(message: LogMessage): Promise<void> {
    this.#batch.push(message);
    this.#bytes += message.data.length;
    this.#lines.ring();
    while (this.#full && !this.#signal.aborted) await this.#space.wait(this.#signal);
  }

  /** No more will be added. */
  finish(): void {
    this.#complete = true;
    this.#lines.ring();
  }

  /** Sends until everything is sent. Rejects when the stream is closed. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const messages = this.#batch;
      if (messages.length > 0) {
        this.#batch = [];
        this.#bytes = 0;
        this.#space.ring();
        await this.#stream.send({ type: "log", messages });
      } else if (this.#complete) return;
      else await this.#lines.wait(this.#signal);
    }
  }

  get #full(): boolean {
    return this.#bytes >= LOG_BATCH_BYTES || this.#batch.length >= LOG_BATCH_LINES;
  }
}
