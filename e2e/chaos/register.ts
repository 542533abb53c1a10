import { ApiError, ConnectionError, isNotFound, isOutOfSequence } from "@skein/sdk";
import type { Transport } from "@skein/sdk";
import type { Operation } from "@skein/sim";

/** How long one request may take before its end counts as unknown, in milliseconds. */
const REQUEST_MS = 15_000;

/** No daemon was there to take the request. */
const NOBODY_THERE: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOENT"]);

/** The label that holds a register's value. */
const LABEL = "value";

interface Stored {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Labels?: Readonly<Record<string, string>> };
}

/** The objects of one kind as versioned registers: an object's name is the key, a label the value. */
interface Kind {
  readonly path: string;
  readonly body: (name: string, value: string) => object;
}

const KINDS: Readonly<Record<string, Kind>> = {
  config: {
    path: "/configs",
    body: (name, value) => ({ Name: name, Labels: { [LABEL]: value }, Data: "Y2hhb3M=" }),
  },
  service: {
    path: "/services",
    body: (name, value) => ({
      Name: name,
      Labels: { [LABEL]: value },
      TaskTemplate: { ContainerSpec: { Image: "demo:1" } },
      Mode: { Replicated: { Replicas: 0 } },
    }),
  },
};

/** What is known of a key: what an update needs. */
export interface Seen {
  readonly id: string;
  readonly version: string;
}

type Result = Operation["result"];

/** One daemon's API to the registers. Keys are `config-...` and `service-...`. */
export class Registers {
  readonly #transport: Transport;
  /** What this client has read last. */
  readonly #seen = new Map<string, Seen>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What this client knows of the key. */
  seen(key: string): Seen | undefined {
    return this.#seen.get(key);
  }

  /**
   * Carries out an operation. What can't be told is "unknown". Rejects when the daemon says that the
   * request itself is wrong.
   */
  async perform({ op, key, args }: Pick<Operation, "op" | "key" | "args">): Promise<Result> {
    const { path, body } = kindOf(key);
    const value = args.value ?? "";
    try {
      switch (op) {
        case "read":
          return await this.#read(key);
        case "create":
          await this.#send("POST", `${path}/create`, body(key, value));
          break;
        case "delete":
          await this.#send("DELETE", `${path}/${key}`);
          break;
        case "update":
          await this.#send(
            "POST",
            `${path}/${this.#seen.get(key)?.id}/update?version=${args.version}`,
            body(key, value),
          );
      }
      return { kind: "ok" };
    } catch (error) {
      return failure(op, error);
    }
  }

  async #read(key: string): Promise<Result> {
    const text = await this.#send("GET", `${kindOf(key).path}/${key}`);
    const { ID: id, Version, Spec } = JSON.parse(text) as Stored;
    const version = String(Version.Index);
    this.#seen.set(key, { id, version });
    return { kind: "ok", value: Spec.Labels?.[LABEL] ?? "", version };
  }

  #send(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<string> {
    const signal = AbortSignal.timeout(REQUEST_MS);
    return this.#transport.text({ method, path, signal, ...(body ? { body } : {}) });
  }
}

const kindOf = (key: string): Kind => {
  const kind = KINDS[key.split("-")[0] ?? ""];
  if (!kind) throw new Error(`no register can be called ${key}`);
  return kind;
};

const failure = (op: Operation["op"], error: unknown): Result => {
  // An update names an object by its id: one that is gone has no version any more.
  if (isNotFound(error)) return { kind: op === "update" ? "conflict" : "absent" };
  if (isOutOfSequence(error)) return { kind: "conflict" };
  if (error instanceof ConnectionError && NOBODY_THERE.has(error.code)) return { kind: "refused" };
  if (!(error instanceof ApiError)) return { kind: "unknown" };
  if (error.status === 409 && op === "create") return { kind: "exists" };
  if (error.status >= 500) return { kind: "unknown" };
  throw error;
};
