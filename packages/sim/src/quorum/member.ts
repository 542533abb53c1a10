import type { Random } from "@skein/base";
import type { World } from "../world.ts";
import { MemberDisk } from "./member-disk.ts";
import type { Answer, Command, Fencing } from "./state-machine.ts";
import { StateMachine } from "./state-machine.ts";

/** One command, and under which head of the members it was taken. */
export interface Entry {
  readonly epoch: number;
  readonly command: Command;
}

/** One of the programs that keep the log: what it has, on disk and in memory. */
export class Member {
  readonly name: string;
  readonly disk: MemberDisk;
  up = true;
  readonly #world: World;
  readonly #random: Random;
  readonly #fencing: Fencing;
  readonly #entries: Entry[] = [];
  readonly #waiting = new Map<Entry, (answer: Answer) => void>();
  #machine: StateMachine;
  #applied = 0;
  #known = 0;
  #frozenUntil = 0;
  /** Called when the state has changed, or the member has come back. */
  readonly listeners: Set<() => void> = new Set();
  /** Called with each command that is carried out here. */
  onApplied: (command: Command, answer: Answer) => void = () => {};

  constructor(name: string, world: World, random: Random, fencing: Fencing) {
    this.name = name;
    this.#world = world;
    this.#random = random;
    this.#fencing = fencing;
    this.disk = new MemberDisk(world, random);
    this.#machine = new StateMachine(fencing);
  }

  get machine(): StateMachine {
    return this.#machine;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** How many entries it knows to be agreed on. */
  get committed(): number {
    return this.#known;
  }

  /** How many entries were carried out. */
  get applied(): number {
    return this.#applied;
  }

  get frozenFor(): number {
    return Math.max(0, this.#frozenUntil - this.#world.now);
  }

  /** Whether it can do anything now. */
  get acts(): boolean {
    return this.up && this.frozenFor === 0;
  }

  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#world.now + ms);
  }

  /** Replaces all from `position` on by `entries`; calls `done` when the disk says it has them. */
  accept(position: number, entries: readonly Entry[], done: () => void): void {
    let first = 0;
    while (first < entries.length && this.#entries[position + first] === entries[first]) first += 1;
    if (first < entries.length) {
      this.#cut(position + first);
      this.#entries.push(...entries.slice(first));
    }
    this.disk.write(position + entries.length, done);
  }

  /** Calls `answered` when the entry was carried out here, unless the program dies before. */
  whenApplied(entry: Entry, answered: (answer: Answer) => void): void {
    this.#waiting.set(entry, answered);
  }

  /** All members agree on the first `length` entries: carries them out, as far as it has them. */
  commit(length: number): void {
    this.#known = Math.max(this.#known, Math.min(length, this.#entries.length));
    if (this.#applied >= this.#known) return;
    while (this.#applied < this.#known) this.#apply(this.#entries[this.#applied] as Entry);
    this.#changed();
  }

  /** The program dies; of the entries after the first `kept` ones some may be on the disk. */
  crash(kept: number): void {
    if (!this.up) return;
    this.up = false;
    this.#waiting.clear();
    const length = kept + this.#random.integer(this.#entries.length - kept + 1);
    this.#cut(length);
    this.disk.said = length;
    this.disk.safe = length;
    this.#known = this.#applied;
  }

  /** It comes back with what is on its disk. */
  start(): void {
    if (this.up) return;
    this.up = true;
    this.#changed();
  }

  #cut(length: number): void {
    if (length >= this.#entries.length) return;
    for (const entry of this.#entries.splice(length)) this.#waiting.delete(entry);
    this.disk.truncate(length);
    this.#known = Math.min(this.#known, length);
    if (this.#applied > length) this.#replay(length);
  }

  /** What was carried out is lost too: all of it anew, up to what is left. */
  #replay(length: number): void {
    this.#machine = new StateMachine(this.#fencing);
    for (const { command } of this.#entries.slice(0, length)) this.#machine.apply(command);
    this.#applied = length;
  }

  #apply(entry: Entry): void {
    this.#applied += 1;
    const answer = this.#machine.apply(entry.command);
    this.onApplied(entry.command, answer);
    const answered = this.#waiting.get(entry);
    this.#waiting.delete(entry);
    answered?.(answer);
  }

  #changed(): void {
    for (const listener of this.listeners) listener();
  }
}
