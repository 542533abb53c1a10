import { OperationError } from "@skein/base";
import type { Process } from "../process.ts";
import type { Member } from "./member.ts";
import type { Quorum } from "./quorum.ts";
import type { Answer, Command } from "./state-machine.ts";

/** How long one try waits for its answer, in ms. */
const TRY_MS = 2000;
/** What goes between a daemon and the member beside it takes this long, in ms. */
const LOCAL_MS = 0.3;

/** Nobody knows whether it was done. */
const noAnswer = (): OperationError =>
  new OperationError("deadline-exceeded", "the member gave no answer");

/** Whether it is not known what became of a call. */
export const isAmbiguous = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "deadline-exceeded";

/** One daemon's calls to the member on its machine. */
export class MemberClient {
  readonly quorum: Quorum;
  readonly member: Member;
  readonly process: Process;

  constructor(quorum: Quorum, member: Member, process: Process) {
    this.quorum = quorum;
    this.member = member;
    this.process = process;
  }

  /** Rejects with kind `deadline-exceeded` when it may have been done, with `internal` when it was refused. */
  ask(command: Command, signal?: AbortSignal): Promise<Answer> {
    if (command.kind === "commit" && this.member.disk.faults.full)
      return this.process
        .sleep(1, signal)
        .then(() => Promise.reject(new OperationError("internal", "no space left on device")));
    return this.#call((answered) => this.quorum.propose(this.member, command, answered), signal);
  }

  /** Resolves when the member has all that was agreed on before the call. Rejects as {@link ask}. */
  async sync(signal?: AbortSignal): Promise<void> {
    await this.#call((answered: (value: true) => void) => {
      this.quorum.read(this.member, () => answered(true));
    }, signal);
  }

  /** A sign of life. Rejects as {@link ask}. */
  keepAlive(lease: string, signal: AbortSignal): Promise<boolean> {
    return this.#call((answered) => this.quorum.keepAlive(this.member, lease, answered), signal);
  }

  #call<T>(send: (answered: (value: T) => void) => void, signal?: AbortSignal): Promise<T> {
    const { process } = this;
    return new Promise((resolve, reject) => {
      const done = new AbortController();
      const fail = (error: unknown): void => {
        signal?.removeEventListener("abort", stop);
        done.abort();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const stop = (): void => fail(signal?.reason);
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop, { once: true });
      const late = process.after(TRY_MS, () => fail(noAnswer()));
      process.after(LOCAL_MS, () =>
        send((value) =>
          process.after(LOCAL_MS, () => {
            late();
            signal?.removeEventListener("abort", stop);
            resolve(value);
          }),
        ),
      );
    });
  }
}
