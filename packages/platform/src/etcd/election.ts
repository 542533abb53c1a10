import { OperationError } from "@skein/base";
import type { Leadership } from "@skein/store";
import type { EtcdClient } from "./client.ts";
import { EtcdError } from "./etcd-error.ts";
import type { Layout } from "./layout.ts";
import type { KeptLease } from "./lease.ts";
import type { LeaderKey, LeaderWatch } from "./leader-watch.ts";
import { noLongerLeader, pause } from "./patience.ts";
import { depose, keepPulse, leaderSilent } from "./pulse.ts";
import { compareCreated } from "./wire-types.ts";

/** What an election is held with. */
export interface ElectionParts {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly leaderWatch: LeaderWatch;
  readonly leaseSeconds: number;
  /** How long a leader may be silent before another candidate takes the lead, in milliseconds. */
  readonly silenceMs: number;
}

const AGAIN_MS = 100;

/** A leadership that hangs on a lease and on the leader's key. */
export class HeldLeadership implements Leadership {
  readonly term: number;
  readonly #lease: KeptLease;
  readonly #leaderWatch: LeaderWatch;
  readonly #over = new AbortController();
  #wasSeen = false;
  #question: Promise<void> = Promise.resolve();
  #nextQuestion: Promise<void> | undefined;

  constructor(term: number, lease: KeptLease, leaderWatch: LeaderWatch) {
    this.term = term;
    this.#lease = lease;
    this.#leaderWatch = leaderWatch;
    const onLeaseLost = (): void => this.lose(lease.lost.reason);
    if (lease.lost.aborted) onLeaseLost();
    lease.lost.addEventListener("abort", onLeaseLost, { once: true });
    leaderWatch.listen((leader) => {
      // What was heard before our key was made says nothing about it.
      if (leader === undefined ? this.#wasSeen : leader.term > term) this.lose();
      if (leader?.term === term) this.#wasSeen = true;
    }, this.lost);
  }

  get lost(): AbortSignal {
    return this.#over.signal;
  }

  valid(): boolean {
    return this.#lease.valid() && !this.lost.aborted;
  }

  /** Whoever asks while a question is under way waits for the next one: its answer may be older. */
  confirm(): Promise<void> {
    this.#nextQuestion ??= this.#question
      .catch(() => {
        // whoever asked that is told
      })
      .then(() => {
        this.#question = this.#ask();
        this.#nextQuestion = undefined;
        return this.#question;
      });
    return this.#nextQuestion;
  }

  async #ask(): Promise<void> {
    const { leader } = await this.#leaderWatch.read(this.lost);
    if (leader?.term === this.term) return;
    this.lose();
    throw noLongerLeader();
  }

  /** It is known that another leads, or nobody. */
  lose(reason: unknown = noLongerLeader()): void {
    if (this.lost.aborted) return;
    this.#over.abort(reason);
    void this.#lease.revoke();
  }

  /** Resolves when etcd knows, or can't be told: then the lease runs out by itself. */
  async resign(): Promise<void> {
    const revoked = this.#lease.revoke();
    this.lose();
    await revoked;
  }
}

/** Resolves when nobody leads, as far as is known; a leader that is silent is deposed. */
const vacancy = async (
  parts: ElectionParts,
  leader: LeaderKey,
  signal: AbortSignal,
): Promise<void> => {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const told = new Promise<"vacant">((resolve) => {
    parts.leaderWatch.listen((now) => {
      if (now?.term !== leader.term) resolve("vacant");
    }, either);
  });
  const silent = leaderSilent(parts, parts.silenceMs, either).then(() => "silent" as const);
  try {
    const outcome = await Promise.race([told, silent]);
    signal.throwIfAborted();
    if (outcome === "silent") await depose(parts, leader, signal);
  } finally {
    done.abort();
  }
};

/** Tries to create the leader's key; the term, or undefined when somebody else has it. */
const claim = async (
  { client, layout, leaderWatch }: ElectionParts,
  candidate: string,
  lease: KeptLease,
): Promise<number | undefined> => {
  const request = {
    compare: [compareCreated(layout.leader, 0)],
    success: [{ put: { key: layout.leader, value: Buffer.from(candidate), lease: lease.id } }],
  };
  try {
    const { succeeded, revision } = await client.txn(request, { signal: lease.lost });
    if (succeeded) return revision;
  } catch (error) {
    if (!(error instanceof EtcdError) || !error.isAmbiguous) throw error;
  }
  // It failed, or nobody knows: the key tells. An attempt that is still under way dies with the lease.
  const { leader } = await leaderWatch.read(lease.lost);
  return leader?.lease === lease.id ? leader.term : undefined;
};

const candidacy = async (
  parts: ElectionParts,
  candidate: string,
  signal: AbortSignal,
): Promise<HeldLeadership | undefined> => {
  const lease = await parts.client.lease({ ttlSeconds: parts.leaseSeconds, signal });
  let term: number | undefined;
  try {
    term = await claim(parts, candidate, lease);
  } catch (error) {
    await lease.revoke();
    throw error;
  }
  if (term !== undefined && !signal.aborted && lease.valid()) {
    const held = new HeldLeadership(term, lease, parts.leaderWatch);
    void keepPulse(parts, held);
    return held;
  }
  await lease.revoke();
  signal.throwIfAborted();
  return undefined;
};

/** A candidate that comes again was restarted: nobody else holds its former leadership. */
const dismiss = async (
  { client }: ElectionParts,
  leader: LeaderKey,
  signal: AbortSignal,
): Promise<void> => {
  await client.revokeLease(leader.lease, { signal }).catch((error: unknown) => {
    if (!(error instanceof EtcdError) || error.kind !== "not-found") throw error;
  });
};

const attempt = async (
  parts: ElectionParts,
  candidate: string,
  signal: AbortSignal,
): Promise<HeldLeadership | undefined> => {
  const { leader } = await parts.leaderWatch.read(signal);
  if (leader?.candidate === candidate) await dismiss(parts, leader, signal);
  else if (leader !== undefined) {
    await vacancy(parts, leader, signal);
    return undefined;
  }
  return candidacy(parts, candidate, signal);
};

/**
 * Waits until this candidate leads. What fails is tried again until the signal is aborted: then it
 * rejects with the signal's reason.
 */
export const elect = async (
  parts: ElectionParts,
  candidate: string,
  signal: AbortSignal,
): Promise<HeldLeadership> => {
  for (;;) {
    signal.throwIfAborted();
    try {
      const held = await attempt(parts, candidate, signal);
      if (held !== undefined) return held;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof OperationError)) throw error;
      await pause(AGAIN_MS, signal);
    }
  }
};
