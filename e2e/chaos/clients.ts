import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "@skein/base";
import type { Random } from "@skein/base";
import { createTransport } from "@skein/sdk";
import type { Operation, OperationKind } from "@skein/sim";
import { Registers } from "./register.ts";

/** A client rests this long at most between two operations, in milliseconds. */
const REST_MS = 60;

const KEYS = ["config-a", "config-b", "config-c", "service-a", "service-b"];
/** What a client does how often. */
const OPERATIONS: readonly OperationKind[] = [
  ...Array<OperationKind>(8).fill("read"),
  ...Array<OperationKind>(9).fill("update"),
  ...Array<OperationKind>(2).fill("create"),
  "delete",
];

const now = (): number => Number(process.hrtime.bigint());

const pick = <T>(items: readonly T[], random: Random): T => {
  const item = items[random.integer(items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
};

/** A daemon whose API the clients use. */
export interface Door {
  readonly name: string;
  readonly socket: string;
}

/**
 * Clients that work without a pause, two at each manager, on the same few objects. Each round has
 * objects of its own, so that the search for an order of what was done stays short.
 */
export class Clients {
  readonly history: Operation[] = [];
  /** Requests that a daemon called wrong. */
  readonly complaints: string[] = [];
  readonly #doors: readonly Door[];
  readonly #random: Random;
  #round = 0;
  #isOver = false;
  #values = 0;
  #working: Promise<unknown> = Promise.resolve();

  constructor(doors: readonly Door[], seed: number) {
    this.#doors = doors;
    this.#random = seededRandom(seed);
  }

  start(): void {
    const clients = this.#doors.flatMap((door) =>
      ["x", "y"].map((name) => this.#work(`${door.name}${name}`, door)),
    );
    this.#working = Promise.all(clients);
  }

  /** From now on the objects are those of this round. */
  begin(round: number): void {
    this.#round = round;
  }

  /** Ends the work; resolves when no request is under way. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#working;
  }

  /** The keys of a round. */
  keysOf(round: number): readonly string[] {
    return KEYS.map((key) => `${key}-${round}`);
  }

  /** Reads every key of a round at every manager, and puts it into the history. */
  async readAll(round: number): Promise<void> {
    for (const door of this.#doors) {
      const registers = registersOf(door);
      for (const key of this.keysOf(round))
        await this.#perform(registers, { process: `${door.name}-end`, op: "read", key, args: {} });
    }
  }

  async #work(process: string, door: Door): Promise<void> {
    const random = this.#random.fork(process);
    const registers = registersOf(door);
    while (!this.#isOver) {
      const key = pick(this.keysOf(this.#round), random);
      await this.#perform(registers, this.#plan(process, key, registers, random));
      await sleep(random.integer(REST_MS));
    }
  }

  #plan(
    process: string,
    key: string,
    registers: Registers,
    random: Random,
  ): Omit<Operation, "result" | "start" | "end"> {
    const op = pick(OPERATIONS, random);
    const seen = registers.seen(key);
    if (op === "read" || op === "delete") return { process, op, key, args: {} };
    this.#values += 1;
    const value = `${process}.${this.#values}`;
    if (op === "create" || !seen) return { process, op: "create", key, args: { value } };
    return { process, op, key, args: { value, version: seen.version } };
  }

  async #perform(
    registers: Registers,
    asked: Omit<Operation, "result" | "start" | "end">,
  ): Promise<void> {
    const start = now();
    try {
      const result = await registers.perform(asked);
      this.history.push({ ...asked, result, start, end: now() });
    } catch (error) {
      this.complaints.push(`${asked.op} ${asked.key}: ${String(error)}`);
    }
  }
}

const registersOf = ({ socket }: Door): Registers =>
  new Registers(createTransport({ host: `unix://${socket}`, apiVersion: "1.41" }));
