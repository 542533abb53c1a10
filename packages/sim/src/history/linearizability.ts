import { messageOf, OperationError } from "@skein/base";
import type { Operation } from "./operation.ts";
import type { RegisterState } from "./register.ts";
import { impossible, step, Versions } from "./register.ts";
import type { Entry } from "./timeline.ts";
import { Timeline } from "./timeline.ts";

/** Steps after which a search is given up; the histories of the tests need some thousands. */
const MOST_STEPS = 5_000_000;

interface Choice {
  readonly begin: Entry;
  /** What was before it. */
  readonly state: RegisterState;
  readonly done: bigint;
}

/**
 * Wing and Gong's search with Lowe's memory: puts the operations, one after the other, in an order
 * that keeps to their times and explains each answer, and takes back the last one when it is stuck.
 */
class Search {
  readonly #versions: Versions;
  readonly #timeline: Timeline;
  /** Operations with a known end that are not in order yet. */
  #open: number;
  #state: RegisterState;
  #done = 0n;
  readonly #tried = new Set<string>();
  readonly #choices: Choice[] = [];
  #fewest = Infinity;
  #culprit: Operation | undefined;

  constructor(operations: readonly Operation[]) {
    this.#versions = new Versions(operations);
    this.#timeline = new Timeline(operations);
    this.#open = operations.filter(({ result }) => result.kind !== "unknown").length;
  }

  /** The operation at which no order went on; undefined when there is an order. */
  run(): Operation | undefined {
    let entry = this.#timeline.first;
    for (let steps = 0; this.#open > 0; steps += 1) {
      if (steps > MOST_STEPS)
        throw new OperationError("internal", "the history has too many orders to try");
      if (entry && !entry.isEnd) {
        entry = this.#choose(entry) ? this.#timeline.first : entry.next;
        continue;
      }
      this.#stuck(entry?.operation);
      const last = this.#choices.pop();
      if (!last) return this.#culprit;
      this.#takeBack(last);
      entry = last.begin.next;
    }
    return undefined;
  }

  /** Takes the operation as the next one. False when its answer forbids it, or it was tried. */
  #choose(begin: Entry): boolean {
    const after = step(begin.operation, this.#state, this.#versions);
    if (after === impossible) return false;
    const done = this.#done | (1n << BigInt(begin.id));
    const key = `${done.toString(36)}${after === undefined ? "" : ` ${after}`}`;
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    this.#choices.push({ begin, state: this.#state, done: this.#done });
    this.#state = after;
    this.#done = done;
    this.#timeline.remove(begin);
    if (begin.end) this.#open -= 1;
    return true;
  }

  #takeBack({ begin, state, done }: Choice): void {
    this.#state = state;
    this.#done = done;
    this.#timeline.restore(begin);
    if (begin.end) this.#open += 1;
  }

  /** The operation has ended here and can't have happened before: the best try tells most. */
  #stuck(operation: Operation | undefined): void {
    if (this.#open >= this.#fewest) return;
    this.#fewest = this.#open;
    this.#culprit = operation;
  }
}

const describe = ({ process, op, args, result, start, end }: Operation): string =>
  `${op} ${JSON.stringify(args)} by ${process} from ${start} to ${end}: ${JSON.stringify(result)}`;

const problemOf = (key: string, operations: readonly Operation[]): string | undefined => {
  try {
    const culprit = new Search(operations).run();
    return culprit && `no order of what was done to ${key} explains: ${describe(culprit)}`;
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return `${key}: ${messageOf(error)}`;
  }
};

/**
 * Why the history of versioned registers is not linearizable: no order of the operations on some key
 * keeps to their times and explains the answers. Undefined when each key has such an order, which is
 * enough, as registers are independent. Operations with an unknown end may have happened at any time
 * after their start, or not at all.
 */
export const notLinearizable = (history: readonly Operation[]): string | undefined => {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    // What did nothing explains nothing, and a read without an answer neither.
    const { op, key, result } = operation;
    if (result.kind === "refused" || (op === "read" && result.kind === "unknown")) continue;
    const known = keys.get(key);
    if (known) known.push(operation);
    else keys.set(key, [operation]);
  }
  for (const [key, operations] of keys) {
    const problem = problemOf(key, operations);
    if (problem !== undefined) return problem;
  }
  return undefined;
};
