import type { Clock } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Candidate, SessionLink, SessionPort } from "@skein/manager";
import type { UpMessage } from "@skein/model";

/** How long an agent is kept waiting while it is not known who leads, in milliseconds: as in the daemon. */
const LEADER_WAIT_MS = 8000;

export interface Desk {
  readonly candidate: Candidate;
  readonly clock: Clock;
  /** Where a manager listens. */
  readonly addressOf: (nodeId: string) => string | undefined;
}

/** Resolves when it is known who leads, or when that takes too long. */
const leaderKnown = ({ candidate, clock }: Desk): Promise<void> =>
  new Promise((resolve) => {
    if (candidate.leaderId !== undefined) return resolve();
    const waiting = new AbortController();
    const finish = (): void => {
      unwatch();
      waiting.abort();
      resolve();
    };
    const unwatch = candidate.watch(() => {
      if (candidate.leaderId !== undefined) finish();
    });
    void clock.sleep(LEADER_WAIT_MS, waiting.signal).then(finish, finish);
  });

/** An agent's stream at a manager: the leader's dispatcher takes it, others send it on. */
export class Reception implements SessionPort {
  #port: SessionPort | undefined;
  readonly #early: UpMessage[] = [];
  #closed = false;

  constructor(desk: Desk, nodeId: string, link: SessionLink) {
    void this.#serve(desk, nodeId, link);
  }

  receive(message: UpMessage): void {
    if (this.#port) this.#port.receive(message);
    else this.#early.push(message);
  }

  closed(): void {
    this.#closed = true;
    this.#port?.closed();
  }

  async #serve(desk: Desk, nodeId: string, link: SessionLink): Promise<void> {
    await leaderKnown(desk);
    if (this.#closed) return;
    const { leader, leaderId } = desk.candidate;
    if (leader) {
      this.#port = leader.dispatcher.connect({ nodeId, address: "10.0.0.2" }, link);
      for (const message of this.#early.splice(0)) this.#port.receive(message);
      return;
    }
    const addr = leaderId === undefined ? undefined : desk.addressOf(leaderId);
    if (leaderId !== undefined && addr !== undefined) {
      link.send({ type: "redirect", leader: { nodeId: leaderId, addr } });
      link.close();
    } else link.close(new OperationError("unavailable", "no leader is known to this manager"));
  }
}
