import type { Demand } from "./demand.ts";
import type { Requirement } from "./filters.ts";
import { filters, firstRefusal } from "./filters.ts";
import type { NodeLoad } from "./node-load.ts";
import type { NodeRanks } from "./node-ranks.ts";
import { refusalText } from "./reasons.ts";
import type { TouchLog } from "./touch-log.ts";

/** Stands for "the node would take it" where others have the filter's place plus one. */
const FITS = 0;

/**
 * Why each node refuses the tasks of one spec version that wait. Kept from pass to pass, so that a
 * group that waits costs what changed and not a look at every node.
 */
export class Refusals {
  readonly ranks: NodeRanks;
  readonly requirement: Requirement;
  readonly #demand: Demand;
  readonly #reasons: Uint8Array;
  /** Nodes for each entry of `#reasons`. */
  readonly #counts: number[] = [FITS, ...filters].map(() => 0);
  #position: number;

  /** Looks at all nodes. */
  constructor(ranks: NodeRanks, demand: Demand, requirement: Requirement, touched: TouchLog) {
    this.ranks = ranks;
    this.requirement = requirement;
    this.#demand = demand;
    this.#reasons = new Uint8Array(ranks.nodes.length);
    this.#counts[FITS] = ranks.nodes.length;
    this.#position = touched.end;
    for (const load of ranks.nodes) this.#judge(load);
  }

  /** Looks again at the nodes that were touched. */
  catchUp(touched: TouchLog): void {
    const loads = touched.since(this.#position) ?? this.ranks.nodes;
    this.#position = touched.end;
    for (const load of loads) this.#judge(load);
  }

  /** Whether some node would take such a task. */
  get someFit(): boolean {
    return (this.#counts[FITS] ?? 0) > 0;
  }

  /** As the task's error shows it. */
  get text(): string {
    return refusalText(this.#counts.slice(1));
  }

  #judge(load: NodeLoad): void {
    const { rank } = load;
    if (rank < 0) return;
    const name = firstRefusal(load, this.#demand, this.requirement);
    const reason = 1 + filters.findIndex((filter) => filter.name === name);
    const before = this.#reasons[rank] ?? FITS;
    this.#reasons[rank] = reason;
    this.#counts[before] = (this.#counts[before] ?? 0) - 1;
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
  }
}
