import type { Random } from "@skein/base";
import { between, delay } from "../draw.ts";
import type { World } from "../world.ts";

/** How a member's disk misbehaves. Changed while the simulation runs. */
export interface DiskFaults {
  /** Each write takes a second or so. */
  slow: boolean;
  /** It says that entries are on it long before they are. */
  lies: boolean;
  /** It has no room: what is asked of this member is refused. */
  full: boolean;
}

/** How much of a log is on a disk. */
export class MemberDisk {
  readonly faults: DiskFaults = { slow: false, lies: false, full: false };
  /** Entries that the disk says it has. */
  said = 0;
  /** Entries that survive a crash. */
  safe = 0;
  readonly #world: World;
  readonly #random: Random;
  #free = 0;
  /** Writes that were begun before something was taken back say nothing any more. */
  #epoch = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Writes the entries up to `length`; calls `done` when the disk says that they are on it. */
  write(length: number, done: () => void): void {
    const { slow, lies } = this.faults;
    const wait = slow ? delay(this.#random, 1000, 8000) : delay(this.#random, 3, 300);
    this.#free = Math.max(this.#free, this.#world.now) + wait;
    const epoch = this.#epoch;
    const ifCurrent = (action: () => void) => (): void => {
      if (epoch === this.#epoch) action();
    };
    const keep = (): void => {
      this.safe = Math.max(this.safe, length);
    };
    const say = (): void => {
      this.said = Math.max(this.said, length);
      if (!lies) keep();
      done();
    };
    const waited = this.#free - this.#world.now;
    this.#world.after(waited, ifCurrent(say));
    if (lies) this.#world.after(waited + between(this.#random, 1000, 60_000), ifCurrent(keep));
  }

  /** The entries from `length` on were taken back, or lost. */
  truncate(length: number): void {
    this.#epoch += 1;
    this.said = Math.min(this.said, length);
    this.safe = Math.min(this.safe, length);
  }
}
