import { OperationError } from "@skein/base";
import type { Leadership } from "@skein/store";
import { isAmbiguous } from "./member-client.ts";
import type { MemberClient } from "./member-client.ts";
import { LEASE_MS } from "./quorum.ts";

/** Signs of life per life of the lease, and the share of it that is relied on: as the real one. */
const BEATS = 5;
const RELIED = 0.95;

/** A planted bug: leaders that believe in themselves. */
export interface Faith {
  blind: boolean;
}

export const noLongerLeader = (): OperationError =>
  new OperationError("unavailable", "this manager is no longer the leader");

/** A leadership that hangs on a lease, which counts from when a sign of life was sent. */
export class LeasedLeadership implements Leadership {
  readonly term: number;
  readonly #lease: string;
  readonly #client: MemberClient;
  readonly #faith: Faith;
  readonly #over = new AbortController();
  #confirmed: number;

  constructor(
    client: MemberClient,
    held: { readonly term: number; readonly lease: string; readonly sentAt: number },
    faith: Faith,
  ) {
    this.#client = client;
    this.term = held.term;
    this.#lease = held.lease;
    this.#confirmed = held.sentAt;
    this.#faith = faith;
    void this.#keep();
    void this.#watchExpiry();
  }

  get lost(): AbortSignal {
    return this.#over.signal;
  }

  valid(): boolean {
    if (!this.lost.aborted && this.#remaining() <= 0 && !this.#faith.blind) this.lose();
    return !this.lost.aborted;
  }

  async confirm(): Promise<void> {
    if (this.#faith.blind) return;
    if (!this.valid()) throw noLongerLeader();
    try {
      await this.#client.sync(this.lost);
    } catch {
      throw noLongerLeader();
    }
    if (this.#client.member.machine.leader?.term !== this.term) this.lose();
    if (this.lost.aborted) throw noLongerLeader();
  }

  /** It is known that another leads, or may lead. */
  lose(): void {
    if (this.lost.aborted) return;
    this.#over.abort(noLongerLeader());
    this.#revoke().catch(() => {
      // It runs out by itself.
    });
  }

  async resign(): Promise<void> {
    const revoked = this.#revoke();
    this.lose();
    await revoked.catch(() => {
      // It runs out by itself.
    });
  }

  async #revoke(): Promise<void> {
    await this.#client.ask({ kind: "revoke", lease: this.#lease });
  }

  #remaining(): number {
    return this.#confirmed + LEASE_MS * RELIED - this.#client.process.clock.monotonic();
  }

  async #watchExpiry(): Promise<void> {
    const { process } = this.#client;
    while (this.valid() && !this.#faith.blind)
      await process.sleep(Math.max(1, this.#remaining()), this.lost).catch(() => {
        // Lost: the loop ends.
      });
  }

  async #keep(): Promise<void> {
    const { process } = this.#client;
    while (this.valid()) {
      this.#beat().catch(() => {
        // The next one may get through.
      });
      await process.sleep(LEASE_MS / BEATS, this.lost).catch(() => {
        // Lost: the loop ends.
      });
    }
  }

  async #beat(): Promise<void> {
    const sentAt = this.#client.process.clock.monotonic();
    const lives = await this.#client.keepAlive(this.#lease, this.lost);
    if (this.#faith.blind || !this.valid()) return;
    if (lives) this.#confirmed = Math.max(this.#confirmed, sentAt);
    else this.lose();
  }
}

/** What an election is held with. */
interface Election {
  readonly client: MemberClient;
  readonly candidate: string;
  readonly faith: Faith;
  /** Resolves when it is known here that nobody leads, or when it is time to look again. */
  readonly vacancy: (signal: AbortSignal) => Promise<void>;
  readonly newLease: () => string;
}

const AGAIN_MS = 100;

/** One try; undefined when another leads. */
const attempt = async (
  { client, candidate, faith, vacancy, newLease }: Election,
  signal: AbortSignal,
): Promise<LeasedLeadership | undefined> => {
  await client.sync(signal);
  const { leader } = client.member.machine;
  if (leader?.candidate === candidate) {
    await client.ask({ kind: "revoke", lease: leader.lease }, signal); // of the run before this one
    return undefined;
  }
  if (leader) {
    await vacancy(signal);
    return undefined;
  }
  const lease = newLease();
  const sentAt = client.process.clock.monotonic();
  try {
    await client.ask({ kind: "claim", candidate, lease }, signal);
  } catch (error) {
    if (!isAmbiguous(error)) throw error;
  }
  await client.sync(signal); // it was granted, or nobody knows: the key tells
  const key = client.member.machine.leader;
  if (key?.lease === lease) {
    const held = new LeasedLeadership(client, { term: key.term, lease, sentAt }, faith);
    if (held.valid() && !signal.aborted) return held;
  }
  await client.ask({ kind: "revoke", lease });
  return undefined;
};

/** Waits until the candidate leads; rejects with the signal's reason. */
export const elect = async (election: Election, signal: AbortSignal): Promise<LeasedLeadership> => {
  for (;;) {
    signal.throwIfAborted();
    try {
      const held = await attempt(election, signal);
      if (held) return held;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof OperationError)) throw error;
      await election.client.process.sleep(AGAIN_MS, signal);
    }
  }
};
