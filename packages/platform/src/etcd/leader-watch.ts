import type { EtcdClient } from "./client.ts";
import type { Layout } from "./layout.ts";
import { pause, persist } from "./patience.ts";

/** Who leads, as etcd says, with the lease that the leadership hangs on. */
export interface LeaderKey {
  readonly candidate: string;
  /** The revision that created the key. */
  readonly term: number;
  readonly lease: string;
}

type Listener = (leader: LeaderKey | undefined) => void;

const AGAIN_MS = 100;

/**
 * Knows who leads: reads the leader's key and watches it; after each interruption it reads again.
 * Runs from the first listener on.
 */
export class LeaderWatch {
  readonly #client: EtcdClient;
  readonly #layout: Layout;
  readonly #stop: AbortSignal;
  readonly #listeners = new Set<Listener>();
  #running = false;
  #isKnown = false;
  #leader: LeaderKey | undefined;

  constructor(client: EtcdClient, layout: Layout, stop: AbortSignal) {
    this.#client = client;
    this.#layout = layout;
    this.#stop = stop;
  }

  /** Calls `listener` when the leader is known, and after each change, until the signal is aborted. */
  listen(listener: Listener, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    } else if (this.#isKnown) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener(this.#leader);
      });
    }
  }

  /** Reads the key; linearizable. */
  async read(signal?: AbortSignal): Promise<{ leader: LeaderKey | undefined; revision: number }> {
    const request = { key: this.#layout.leader };
    const page = await persist((call) => this.#client.range(request, call), { signal });
    const [kv] = page.kvs;
    if (kv === undefined) return { leader: undefined, revision: page.revision };
    const leader = {
      candidate: kv.value.toString("utf8"),
      term: Number(kv.createRevision),
      lease: kv.lease,
    };
    return { leader, revision: page.revision };
  }

  async #run(): Promise<void> {
    while (!this.#stop.aborted) {
      try {
        const { leader, revision } = await this.read(this.#stop);
        this.#set(leader);
        await this.#watch(revision + 1);
      } catch {
        // Not readable at the moment: it is read again below.
      }
      await pause(AGAIN_MS, this.#stop);
    }
  }

  #watch(revision: number): Promise<unknown> {
    const listener = {
      events: (events: Parameters<Parameters<EtcdClient["watch"]>[2]["events"]>[0]) => {
        const kv = events.at(-1)?.kv;
        if (kv === undefined) return;
        const isGone = events.at(-1)?.type !== 0;
        const candidate = kv.value.toString("utf8");
        const key = { candidate, term: Number(kv.createRevision), lease: kv.lease };
        this.#set(isGone ? undefined : key);
      },
      progress: () => {},
    };
    return this.#client.watch({ key: this.#layout.leader }, revision, listener, this.#stop);
  }

  #set(leader: LeaderKey | undefined): void {
    if (this.#isKnown && this.#leader?.term === leader?.term) return;
    this.#isKnown = true;
    this.#leader = leader;
    for (const listener of this.#listeners) listener(leader);
  }
}
