import type { LoadedState, LogBatch } from "@skein/store";

/** What the members agree on, one after the other. */
export type Command =
  /** Makes the candidate the leader, if there is none. */
  | { readonly kind: "claim"; readonly candidate: string; readonly lease: string }
  /** Ends a lease, and the leadership that hangs on it. */
  | { readonly kind: "revoke"; readonly lease: string }
  | { readonly kind: "commit"; readonly batch: LogBatch }
  /** Says that a new head of the members is there. */
  | { readonly kind: "nothing" };

/** What became of a command. */
export type Answer = "done" | "taken" | "deposed" | "gap";

/** The key that the leader holds. */
export interface LeaderKey {
  readonly candidate: string;
  readonly lease: string;
  readonly term: number;
}

/** Planted bugs change what a member does. */
export interface Fencing {
  /** Commits of leaders that were deposed are taken. */
  broken: boolean;
}

/** Batches that a member still knows one by one; who is further behind gets the whole state. */
const KEPT = 40;

/**
 * The state that one member holds, as a function of the commands so far: equal commands make equal
 * states. A commit is carried out if its term is that of the leader's key and its index follows.
 */
export class StateMachine {
  index = 0;
  leader: LeaderKey | undefined;
  readonly #fencing: Fencing;
  #term = 0;
  readonly #records = new Map<string, unknown>();
  readonly #leases = new Set<string>();
  readonly #ended = new Set<string>();
  #newest: LogBatch[] = [];

  constructor(fencing: Fencing) {
    this.#fencing = fencing;
  }

  get state(): LoadedState {
    return {
      index: this.index,
      records: [...this.#records].map(([key, value]) => ({ key, value })),
    };
  }

  get leases(): ReadonlySet<string> {
    return this.#leases;
  }

  /** The batches after an index; undefined when they are not known any more. */
  after(index: number): readonly LogBatch[] | undefined {
    if (index >= this.index) return [];
    const batches = this.#newest.filter((batch) => batch.index > index);
    return batches[0]?.index === index + 1 ? batches : undefined;
  }

  apply(command: Command): Answer {
    switch (command.kind) {
      case "claim":
        return this.#claim(command.candidate, command.lease);
      case "revoke":
        this.#leases.delete(command.lease);
        this.#ended.add(command.lease);
        if (this.leader?.lease === command.lease) this.leader = undefined;
        return "done";
      case "commit":
        return this.#commit(command.batch);
      case "nothing":
        return "done";
    }
  }

  #claim(candidate: string, lease: string): Answer {
    if (this.leader || this.#ended.has(lease)) return "taken";
    this.#term += 1;
    this.#leases.add(lease);
    this.leader = { candidate, lease, term: this.#term };
    return "done";
  }

  #commit(batch: LogBatch): Answer {
    if (this.#newest.at(-1) === batch) return "done"; // it was sent twice
    if (!this.#fencing.broken) {
      if (this.leader?.term !== batch.term) return "deposed";
      if (batch.index !== this.index + 1) return "gap";
    }
    this.index = batch.index;
    this.#newest = [...this.#newest.slice(1 - KEPT), batch];
    for (const { key, value } of batch.records)
      if (value === undefined) this.#records.delete(key);
      else this.#records.set(key, value);
    return "done";
  }
}
