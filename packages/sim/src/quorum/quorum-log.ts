import type { Random } from "@skein/base";
import { newId, OperationError } from "@skein/base";
import type { Leadership, LoadedState, Log, LogBatch, LogListener } from "@skein/store";
import { chance, delay } from "../draw.ts";
import type { Faith, LeasedLeadership } from "./leadership.ts";
import { elect, noLongerLeader } from "./leadership.ts";
import { isAmbiguous } from "./member-client.ts";
import type { MemberClient } from "./member-client.ts";
import type { LeaderKey } from "./state-machine.ts";

/** A pause before the same is tried again, in ms. */
const AGAIN_MS = 50;
/** How often who waits looks without being told, in ms. */
const LOOK_MS = 2000;

/**
 * The log of several managers, as one of them uses it: over the member on its machine. Behaves as
 * the log on etcd: it stands for it in the simulation.
 */
export class QuorumLog implements Log {
  readonly #client: MemberClient;
  readonly #random: Random;
  readonly #faith: Faith;
  #held: LeasedLeadership | undefined;
  /** What is called some time after each change of what the member has. */
  readonly #looks = new Set<() => void>();
  #planned = false;

  constructor(client: MemberClient, random: Random, faith: Faith) {
    this.#client = client;
    this.#random = random;
    this.#faith = faith;
    const { process, member } = client;
    const plan = (): void => this.#plan();
    member.listeners.add(plan);
    process.onEnd(() => member.listeners.delete(plan));
    this.#looks.add(() => this.#notice());
  }

  async load(): Promise<LoadedState> {
    await this.#persist(() => this.#client.sync());
    return this.#client.member.machine.state;
  }

  /**
   * A try without answer is made again: it is carried out once at most. Refused after such a try, the
   * leadership is given up, so that a late arrival is fenced.
   */
  async commit(batch: LogBatch): Promise<void> {
    const held = this.#held;
    if (held?.term !== batch.term) throw noLongerLeader();
    for (let unsure = false; ; unsure = true) {
      if (!held.valid()) throw noLongerLeader();
      try {
        const answer = await this.#client.ask({ kind: "commit", batch }, held.lost);
        if (answer === "done") return;
        held.lose();
      } catch (error) {
        if (held.lost.aborted) throw noLongerLeader();
        if (!isAmbiguous(error)) {
          if (unsure) await held.resign();
          throw error;
        }
      }
      await this.#client.process.sleep(AGAIN_MS);
    }
  }

  watch(afterIndex: number, listener: LogListener, signal: AbortSignal): void {
    let last = afterIndex;
    const deliver = (): void => {
      const { machine } = this.#client.member;
      const batches = machine.after(last);
      const behind = machine.index <= last;
      last = Math.max(last, machine.index);
      if (!batches) listener.reset(machine.state);
      else if (!behind) for (const batch of batches) listener.batch(batch);
    };
    this.#poke(deliver, signal);
  }

  async campaign(candidate: string, signal: AbortSignal): Promise<Leadership> {
    this.#held?.lose();
    this.#held = await elect(
      {
        client: this.#client,
        candidate,
        faith: this.#faith,
        newLease: () => newId(this.#random),
        vacancy: (until) => this.#vacancy(until),
      },
      signal,
    );
    return this.#held;
  }

  async readIndex(signal: AbortSignal): Promise<number> {
    await this.#persist(() => this.#client.sync(signal), signal);
    return this.#client.member.machine.index;
  }

  observeLeader(listener: (candidate: string | undefined) => void, signal: AbortSignal): void {
    let told: LeaderKey | undefined;
    const look = (): void => {
      const { leader } = this.#client.member.machine;
      if (leader?.term === told?.term) return;
      told = leader;
      listener(leader?.candidate);
    };
    listener(undefined);
    this.#poke(look, signal);
  }

  async close(): Promise<void> {
    await this.#held?.resign();
  }

  /** Tries until there is an answer; in the end it can't be known. */
  async #persist(attempt: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries += 1)
      try {
        return await attempt();
      } catch (error) {
        signal?.throwIfAborted();
        if (!isAmbiguous(error)) throw error;
        if (signal && tries > 1) throw new OperationError("unavailable", "no majority answers");
        await this.#client.process.sleep(AGAIN_MS);
      }
  }

  /** The leader's key says who leads: somebody else, or nobody any more. */
  #notice(): void {
    const { leader } = this.#client.member.machine;
    const held = this.#held;
    if (held && !this.#faith.blind && leader && leader.term > held.term) held.lose();
  }

  /** Resolves when nobody leads, as far as is known here, or when it is time to look again. */
  async #vacancy(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const until = AbortSignal.any([signal, done.signal]);
    const told = new Promise<void>((resolve) => {
      this.#poke(() => {
        if (!this.#client.member.machine.leader) resolve();
      }, until);
    });
    try {
      await Promise.race([told, this.#client.process.sleep(LOOK_MS, until)]);
    } finally {
      done.abort(new Error("looked"));
    }
  }

  /** Calls `look` soon, and some time after each change of what the member has. */
  #poke(look: () => void, signal: AbortSignal): void {
    this.#looks.add(look);
    signal.addEventListener("abort", () => this.#looks.delete(look), { once: true });
    this.#plan();
  }

  /** Streams lag, break, and are opened again. */
  #plan(): void {
    const { process, member } = this.#client;
    if (this.#planned || !process.alive) return;
    this.#planned = true;
    const lag = chance(this.#random, 0.01) ? 3000 : delay(this.#random, 2, 200);
    process.after(lag, () => {
      this.#planned = false;
      if (member.up) for (const look of this.#looks) look();
    });
  }
}
