import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Cluster } from "../cluster.ts";
import { between, weighted } from "../draw.ts";
import type { Operation, OperationKind, Outcome } from "../history/operation.ts";
import type { Entrance } from "../manager/entrance.ts";

const CLIENTS = 4;
const KEYS = 3;
/** After so many operations a key is left alone, and another taken. */
const USES = 60;
/** How long a client waits for an answer, in ms. */
const PATIENCE_MS = 20_000;

interface Seen {
  readonly id: string;
  readonly index: number;
}

/** What an error says of the operation. */
const outcomeOf = (op: OperationKind, { kind, message }: OperationError): Outcome => {
  if (kind === "not-found") return op === "update" ? "conflict" : "absent";
  if (kind === "conflict") return "exists";
  if (kind === "internal") return "refused";
  return message.includes("out of sequence") ? "conflict" : "unknown";
};

/**
 * Clients that create, read, update and remove the same few configs over all managers, and keep a
 * history of it: each config is a versioned register.
 */
export class Clients {
  readonly history: Operation[] = [];
  readonly #cluster: Cluster;
  readonly #random: Random;
  #working = true;
  #operations = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork("clients");
  }

  start(): void {
    for (let i = 1; i <= CLIENTS; i += 1) void this.#work(`client${i}`);
  }

  /** They begin nothing new. */
  finish(): void {
    this.#working = false;
  }

  async #work(process: string): Promise<void> {
    const seen = new Map<string, Seen>();
    for (;;) {
      await this.#pause(between(this.#random, 50, 4000));
      if (!this.#working) return;
      const at = this.#cluster.entrance(this.#random);
      if (at) await this.#act(process, at, seen);
    }
  }

  async #act(process: string, at: Entrance, seen: Map<string, Seen>): Promise<void> {
    this.#operations += 1;
    const key = `key${this.#random.integer(KEYS)}-${Math.floor(this.#operations / (USES * KEYS))}`;
    const known = seen.get(key);
    const op = weighted(this.#random, { read: 6, update: known ? 6 : 0, create: 3, delete: 1 });
    const value = `value${this.#operations}`;
    const args = {
      ...(op === "create" || op === "update" ? { value } : {}),
      ...(op === "update" && known ? { version: `${known.id}@${known.index}` } : {}),
    };
    const start = this.#now();
    const answer = this.#call({ at, op, key, value, known, seen });
    const late = this.#pause(PATIENCE_MS).then((): Operation["result"] => ({ kind: "unknown" }));
    const result = await Promise.race([answer, late]);
    this.history.push({ process, op, key, args, result, start, end: this.#now() });
  }

  async #call(what: {
    readonly at: Entrance;
    readonly op: OperationKind;
    readonly key: string;
    readonly value: string;
    readonly known: Seen | undefined;
    readonly seen: Map<string, Seen>;
  }): Promise<Operation["result"]> {
    const { at, op, key, value, known, seen } = what;
    const spec = { Name: key, Labels: { value }, Data: "Y29uZmln" };
    try {
      if (op === "read") {
        const { ID: id, Version, Spec } = await at.configs.get({ ref: key });
        const index = Version.Index ?? 0;
        seen.set(key, { id, index });
        return { kind: "ok", value: Spec.Labels["value"] ?? "", version: `${id}@${index}` };
      }
      if (op === "create") await at.configs.create({ spec });
      else if (op === "delete") await at.configs.remove({ ref: key });
      else if (known) await at.configs.update({ ref: known.id, version: known.index, spec });
      return { kind: "ok" };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      return { kind: outcomeOf(op, error) };
    }
  }

  /** Virtual nanoseconds. */
  #now(): number {
    return Math.round(this.#cluster.world.now * 1e6);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#cluster.world.after(ms, resolve));
  }
}
