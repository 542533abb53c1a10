import type { Random } from "@skein/base";
import type { ManagerAddress } from "@skein/model";

/** Weight of a manager before anything is known of it, and what success and failure pull it to. */
const GOOD = 10;
const BAD = -10;
/** How much of the old weight stays after an experience. */
const MEMORY = 0.5;
/** No manager is ever ruled out. */
const LEAST_SHARE = 0.5;

/**
 * The managers that this node may dial. One is picked at random, those that worked lately more
 * often: a manager that is down costs little, and the nodes spread over the others.
 */
export class Remotes {
  readonly #weights = new Map<string, number>();

  constructor(managers: readonly ManagerAddress[] = []) {
    this.replace(managers);
  }

  /** Takes over the managers that there are now; what is known of those that stay is kept. */
  replace(managers: readonly ManagerAddress[]): void {
    const addresses = new Set(managers.map(({ addr }) => addr));
    for (const addr of this.#weights.keys()) if (!addresses.has(addr)) this.#weights.delete(addr);
    for (const addr of addresses) if (!this.#weights.has(addr)) this.#weights.set(addr, GOOD);
  }

  /**
   * The address to try next; undefined when no manager is known. `lost`, which has just failed, only
   * when it is the only one.
   */
  pick(random: Random, lost?: string): string | undefined {
    const others = [...this.#weights].filter(([addr]) => addr !== lost);
    const shares = (others.length > 0 ? others : [...this.#weights]).map(
      ([addr, weight]) => [addr, Math.max(weight - BAD, LEAST_SHARE)] as const,
    );
    let draw = random.next() * shares.reduce((sum, [, share]) => sum + share, 0);
    for (const [addr, share] of shares) {
      draw -= share;
      if (draw < 0) return addr;
    }
    return shares.at(-1)?.[0];
  }

  /** How an attempt on this manager went. */
  observe(addr: string, success: boolean): void {
    const weight = this.#weights.get(addr);
    if (weight === undefined) return;
    this.#weights.set(addr, weight * MEMORY + (success ? GOOD : BAD) * (1 - MEMORY));
  }
}
