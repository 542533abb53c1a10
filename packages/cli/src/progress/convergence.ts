import type { Service, UpdateStatus } from "@skein/wire";
import { CommandError } from "../command/errors.ts";
import { trackGlobalJob, trackReplicatedJob } from "./jobs.ts";
import type { Message } from "./message.ts";
import { trackGlobal, trackReplicated } from "./replicated.ts";
import type { Observation, Tracker } from "./tracker.ts";

/** How long a service must stay as it is wanted, unless its update configuration says otherwise. */
const MONITOR_MS = 5000;

/** What to show after an observation, and whether that is all. */
export interface Step {
  readonly messages: readonly Message[];
  readonly finished: boolean;
}

const makeTracker = ({ Mode }: Service["Spec"]): Tracker => {
  if (Mode.Replicated) return trackReplicated();
  if (Mode.Global) return trackGlobal();
  if (Mode.ReplicatedJob) return trackReplicatedJob();
  if (Mode.GlobalJob) return trackGlobalJob();
  throw new CommandError("unrecognized service mode");
};

/**
 * Decides when a service has converged, as the docker command does: as many tasks run as are
 * wanted, for as long as the update's monitoring period; jobs when they are complete.
 * Reads no clock and asks nobody: each step gets the time and what was observed.
 */
export class Convergence {
  readonly #reference: string;
  #tracker: Tracker | undefined;
  #since: number | undefined;
  #converged = false;
  #rollback = false;
  #last: Message | undefined;

  /** `reference` is the service as the user named it. */
  constructor(reference: string) {
    this.#reference = reference;
  }

  get converged(): boolean {
    return this.#converged;
  }

  /**
   * Whether the update's own state ends the waiting. To be asked before tasks are read.
   * @throws CommandError when the update or the rollback is paused.
   */
  begin(service: Service, now: number): Step {
    const messages: Message[] = [];
    const finished =
      service.UpdateStatus !== undefined && this.#updateState(service.UpdateStatus, messages);
    if (finished || !this.#isStable(service, now)) return { messages, finished };
    messages.push({
      id: "verify",
      text: `Service ${this.#reference} converged`,
    });
    if (this.#last) messages.push(this.#last);
    return { messages, finished: true };
  }

  /** Takes what was observed. */
  observe(service: Service, seen: Omit<Observation, "rollback">, now: number): Step {
    this.#tracker ??= makeTracker(service.Spec);
    const verdict = this.#tracker(service, { ...seen, rollback: this.#rollback });
    this.#converged = verdict.converged;
    if (verdict.converged && service.JobStatus)
      return { messages: [...verdict.messages, plain("job complete")], finished: true };
    return { messages: [...verdict.messages, ...this.#verify(service, now)], finished: false };
  }

  #updateState(status: UpdateStatus, messages: Message[]): boolean {
    const { State, Message: text = "" } = status;
    if (State === "paused") throw new CommandError(`service update paused: ${text}`);
    if (State === "rollback_paused") throw new CommandError(`service rollback paused: ${text}`);
    if (State === "updating") this.#rollback = false;
    if (State === "rollback_started") {
      if (!this.#rollback && text !== "") messages.push({ id: "rollback", text });
      this.#rollback = true;
    }
    if (State === "rollback_completed") {
      if (!this.#converged) this.#last = { id: "rollback", text, final: true };
      this.#rollback = true;
    }
    return State === "completed" && !this.#converged;
  }

  #isStable(service: Service, now: number): boolean {
    return this.#converged && this.#since !== undefined && now - this.#since >= monitorMs(service);
  }

  #verify(service: Service, now: number): readonly Message[] {
    if (!this.#converged) {
      const failed = this.#since !== undefined;
      this.#since = undefined;
      return failed ? [{ id: "verify", text: "Detected task failure" }] : [];
    }
    this.#since ??= now;
    const left = monitorMs(service) - (now - this.#since);
    if (left < 0) return [];
    const seconds = Math.max(1, Math.ceil(left / 1000));
    const text = `Waiting ${seconds} seconds to verify that tasks are stable...`;
    return [{ id: "verify", text }];
  }
}

/** A line that stays. */
const plain = (text: string): Message => ({ id: "", text, final: true });

const monitorMs = ({ Spec }: Service): number => {
  const monitor = Spec.UpdateConfig?.Monitor ?? 0;
  return monitor === 0 ? MONITOR_MS : monitor / 1e6;
};
