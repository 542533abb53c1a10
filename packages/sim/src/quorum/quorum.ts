import type { Random } from "@skein/base";
import type { LogBatch } from "@skein/store";
import { between, chance } from "../draw.ts";
import type { Line } from "../network/channel.ts";
import type { World } from "../world.ts";
import { canHead, alike } from "./head.ts";
import type { Entry } from "./member.ts";
import { Member } from "./member.ts";
import type { Answer, Command, Fencing } from "./state-machine.ts";

/** What the members' messages go over. */
export interface Wires {
  line(from: string, to: string): Line;
}

/** How long a lease lasts without a sign of life, in ms. */
export const LEASE_MS = 3000;
const LOOK_MS = 200;
/** How long a head may be without a majority before another is chosen, in ms: at least, at most. */
const PATIENCE_MS = [700, 2000] as const;

/**
 * The members that keep the log together. One of them is their head: it takes commands, sends them
 * to the others, and counts those that say they have them. Who is the head is decided here, from
 * outside, by the rule that real members find by votes: it reaches a majority that has nothing newer.
 *
 * What goes wrong, goes wrong as there: entries of a minority are taken back, answers get lost,
 * nothing is agreed on without a majority, leases end by the head's clock and start anew under
 * another head.
 */
export class Quorum {
  readonly members: ReadonlyMap<string, Member>;
  readonly fencing: Fencing = { broken: false };
  /** A planted bug: a majority may lose what it said was on its disks. */
  disksLie = false;
  /** Hears each batch when it is agreed on. */
  onBatch: (batch: LogBatch) => void = () => {};
  readonly #world: World;
  readonly #random: Random;
  readonly #wires: Wires;
  #head: Member | undefined;
  /** How many entries were ever agreed on: also what only a head knew that is gone. */
  #agreedLength = 0;
  #epoch = 0;
  #headSeen = 0;
  #patience = 0;
  readonly #matches = new Map<Member, number>();
  /** Since when a message to a member has had no answer, in ms. */
  readonly #sent = new Map<Member, number>();
  readonly #expiries = new Map<string, number>();
  /** What was agreed on, as seen from outside. */
  readonly #batches = new Map<number, LogBatch>();
  #newest: LogBatch | undefined;

  constructor(world: World, wires: Wires, names: readonly string[]) {
    this.#world = world;
    this.#random = world.random.fork("quorum");
    this.#wires = wires;
    this.members = new Map(
      names.map((name) => [name, new Member(name, world, this.#random.fork(name), this.fencing)]),
    );
    for (const member of this.members.values())
      member.onApplied = (command, answer) => this.#applied(member, command, answer);
    this.#look();
  }

  /** Asks for a command at a member. `answered` is not called when anything breaks on the way. */
  propose(at: Member, command: Command, answered: (answer: Answer) => void): void {
    const head = this.#head;
    if (!at.up || !head) return;
    this.#hop(at, head, () => {
      if (head !== this.#head) return;
      const entry = { epoch: this.#epoch, command };
      at.whenApplied(entry, answered);
      this.#append(head, entry);
    });
  }

  /**
   * Calls `answered` when the member has carried out all that was agreed on at some moment after
   * the call; not at all without a majority.
   */
  read(at: Member, answered: () => void): void {
    const head = this.#head;
    if (!at.up || !head) return;
    this.#hop(at, head, () => {
      const wanted = head.committed;
      if (!this.#leads(head) || head.entries[wanted - 1]?.epoch !== this.#epoch) return;
      const { latency } = this.#wires.line(head.name, at.name);
      this.#world.after(2 * latency, () => {
        if (head !== this.#head || !this.#leads(head)) return;
        this.#hop(head, at, () => this.#whenApplied(at, wanted, answered));
      });
    });
  }

  /** A sign of life for a lease: `answered` with false when the lease is over. */
  keepAlive(at: Member, lease: string, answered: (lives: boolean) => void): void {
    const head = this.#head;
    if (!at.up || !head) return;
    this.#hop(at, head, () => {
      if (head !== this.#head) return;
      const lives = head.machine.leases.has(lease);
      if (lives) this.#expiries.set(lease, this.#world.now + LEASE_MS);
      this.#hop(head, at, () => answered(lives));
    });
  }

  /** The newest index that is agreed on. */
  get index(): number {
    return this.#newest?.index ?? 0;
  }

  /** A member's program dies. A head that comes back is none any more, however soon. */
  crash(member: Member): void {
    member.crash(this.#kept(member));
    if (member === this.#head) this.#head = undefined;
  }

  get #majority(): number {
    return Math.floor(this.members.size / 2) + 1;
  }

  /**
   * How many entries a member has after a crash, at least. A disk that lies loses more; but what
   * was agreed on, only if a majority of the others has it for sure: more than that no log survives.
   */
  #kept(member: Member): number {
    const { disk, entries } = member;
    if (!disk.faults.lies || this.disksLie) return disk.safe;
    const others = [...this.members.values()].filter((other) => other !== member);
    const holders = (position: number): number =>
      others.filter(
        (other) => other.disk.safe > position && other.entries[position] === entries[position],
      ).length;
    const agreed = this.#agreedLength;
    let kept = entries.length;
    while (kept > disk.safe && (kept > agreed || holders(kept - 1) >= this.#majority)) kept -= 1;
    return kept;
  }

  /** Carries something from one member to another, unless the line or a program fails. */
  #hop(from: Member, to: Member, arrive: () => void): void {
    if (from === to) {
      if (to.acts) arrive();
      return;
    }
    const line = this.#wires.line(from.name, to.name);
    if (line.blocked || chance(this.#random, line.loss)) return;
    const deliver = (): void => {
      if (!to.up) return;
      if (to.frozenFor > 0) this.#world.after(to.frozenFor, deliver);
      else if (!line.blocked) arrive();
    };
    this.#world.after(between(this.#random, line.latency * 0.8, line.latency * 1.5), deliver);
  }

  #reaches(a: Member, b: Member): boolean {
    if (a === b) return true;
    const there = this.#wires.line(a.name, b.name);
    const back = this.#wires.line(b.name, a.name);
    return b.acts && !there.blocked && !back.blocked;
  }

  #reached(member: Member): readonly Member[] {
    if (!member.acts) return [];
    return [...this.members.values()].filter((other) => this.#reaches(member, other));
  }

  #leads(head: Member): boolean {
    return this.#reached(head).length >= this.#majority;
  }

  #append(head: Member, entry: Entry): void {
    const { length } = head.entries;
    const epoch = this.#epoch;
    head.accept(length, [entry], () => this.#matched(head, length + 1, epoch));
    for (const member of this.members.values()) this.#replicate(member);
  }

  /** Sends a member what it does not have; the next message waits for the answer to this one. */
  #replicate(to: Member): void {
    const head = this.#head;
    if (!head || to === head || this.#sent.has(to)) return;
    const from = this.#matches.get(to) ?? alike(head, to);
    const entries = head.entries.slice(from);
    if (entries.length === 0 && to.committed >= head.committed) return;
    const epoch = this.#epoch;
    const { committed } = head;
    this.#sent.set(to, this.#world.now);
    this.#hop(head, to, () => {
      if (epoch !== this.#epoch) return;
      if (from > 0 && to.entries[from - 1] !== head.entries[from - 1]) {
        this.#matches.delete(to); // it lost what it had
        return;
      }
      const confirm = (): void =>
        this.#hop(to, head, () => this.#matched(to, from + entries.length, epoch));
      if (entries.length > 0) to.accept(from, entries, confirm);
      else confirm();
      to.commit(Math.min(committed, from + entries.length));
    });
  }

  /** A member says that it has the first `length` entries. */
  #matched(member: Member, length: number, epoch: number): void {
    const head = this.#head;
    if (!head || epoch !== this.#epoch) return;
    this.#sent.delete(member);
    this.#matches.set(member, Math.max(length, this.#matches.get(member) ?? 0));
    const lengths = [...this.#matches.values()].toSorted((a, b) => b - a);
    const agreed = lengths[this.#majority - 1] ?? 0;
    if (agreed > head.committed && head.entries[agreed - 1]?.epoch === epoch) {
      head.commit(agreed);
      this.#agreedLength = Math.max(this.#agreedLength, agreed);
      for (const other of this.members.values()) this.#replicate(other);
    } else this.#replicate(member);
  }

  #look(): void {
    this.#world.after(LOOK_MS, () => this.#look());
    const { now } = this.#world;
    const head = this.#head;
    if (head && this.#leads(head)) this.#headSeen = now;
    else if (now - this.#headSeen >= this.#patience) this.#choose();
    if (!this.#head) return;
    for (const [member, at] of this.#sent) if (now - at > 2 * LOOK_MS) this.#sent.delete(member);
    for (const member of this.members.values()) this.#replicate(member);
    for (const [lease, at] of this.#expiries)
      if (now >= at) this.propose(this.#head, { kind: "revoke", lease }, () => {});
  }

  /** Another head, if one can be chosen. */
  #choose(): void {
    const able = [...this.members.values()].filter((member) =>
      canHead(member, this.#reached(member), this.#majority),
    );
    const head = able[this.#random.integer(Math.max(1, able.length))];
    this.#head = head;
    this.#matches.clear();
    this.#sent.clear();
    if (!head) return;
    this.#epoch += 1;
    this.#headSeen = this.#world.now;
    this.#patience = between(this.#random, ...PATIENCE_MS);
    this.#expiries.clear();
    for (const lease of head.machine.leases) this.#expiries.set(lease, this.#world.now + LEASE_MS);
    this.#append(head, { epoch: this.#epoch, command: { kind: "nothing" } });
  }

  #whenApplied(member: Member, wanted: number, action: () => void): void {
    if (member.applied >= wanted) {
      action();
      return;
    }
    const listener = (): void => {
      if (member.applied < wanted) return;
      member.listeners.delete(listener);
      action();
    };
    member.listeners.add(listener);
  }

  #applied(member: Member, command: Command, answer: Answer): void {
    if (command.kind === "claim" && answer === "done" && member === this.#head)
      this.#expiries.set(command.lease, this.#world.now + LEASE_MS);
    if (command.kind === "revoke") this.#expiries.delete(command.lease);
    if (command.kind !== "commit") return;
    if (answer === "gap" && this.#batches.get(command.batch.index) !== command.batch)
      this.#world.violated(`batch ${command.batch.index} of ${member.name} does not follow`);
    if (answer === "done") this.#agreed(command.batch);
  }

  /** Each index is written once, in order, under terms that do not go back. */
  #agreed(batch: LogBatch): void {
    const known = this.#batches.get(batch.index);
    if (known === batch) return;
    const { index = 0, term = 0 } = this.#newest ?? {};
    if (known) this.#world.violated(`index ${batch.index} was written twice`);
    else if (batch.index !== index + 1 || batch.term < term)
      this.#world.violated(`batch ${batch.index} of term ${batch.term} after ${index} of ${term}`);
    this.#batches.set(batch.index, batch);
    this.#newest = batch;
    this.onBatch(batch);
  }
}
