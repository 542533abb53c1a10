import { deepEqual, messageOf, OperationError } from "@skein/base";
import type { EngineNetwork } from "../network/engine-network.ts";
import { engineNetwork, engineNetworkName } from "../network/engine-network.ts";
import { mtuOf } from "../network/plan-network.ts";
import type { LiveNetwork, NetworkHead } from "../network/tables/live-network.ts";
import type { EngineNetworks } from "./ports.ts";

/** Which of the wanted networks the engine has, and why it refused another. */
interface EngineResult {
  readonly usable: readonly LiveNetwork[];
  readonly refused?: string;
}

interface EnsureOptions {
  /** Where this node's traffic goes, and the MTU there. */
  readonly path: { readonly underlay: string; readonly mtu: number };
  /** Networks that the kernel has. */
  readonly had: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "unavailable";

/**
 * The engine's networks on our bridges. What the engine was seen to have is not asked for again with each
 * change, but after {@link EngineSide.forget}.
 */
export class EngineSide {
  readonly #engine: EngineNetworks;
  /** The networks that the engine has, by name, as they were asked for. */
  readonly #known = new Map<string, EngineNetwork>();
  /** Nothing superfluous is left there. */
  #tidy = false;

  constructor(engine: EngineNetworks) {
    this.#engine = engine;
  }

  /** The engine may have lost something: the next round asks for everything. */
  forget(): void {
    this.#known.clear();
    this.#tidy = false;
  }

  /**
   * Makes the networks that are missing. One that the engine refuses (its addresses are in use on this host, say)
   * must not stand in the way of the others; while the engine does not answer, those it had stay.
   */
  async ensure(
    networks: readonly LiveNetwork[],
    { path, had, signal }: EnsureOptions,
  ): Promise<EngineResult> {
    const usable: LiveNetwork[] = [];
    let refused: string | undefined;
    for (const network of networks) {
      const { head } = network;
      try {
        await this.#ensureOne(engineNetwork(head, mtuOf(head, path.underlay, path.mtu)), signal);
        usable.push(network);
      } catch (error) {
        signal.throwIfAborted();
        // After a restart nothing is known to be done, but the kernel may have it: leave all as it is.
        if (had.size === 0 && isUnavailable(error)) throw error;
        refused ??= `${head.name}: ${messageOf(error)}`;
        if (had.has(head.id)) usable.push(network);
      }
    }
    return { usable, ...(refused === undefined ? {} : { refused }) };
  }

  /** Removes networks, unless running containers are still on them. Returns the ids of those that stay. */
  async release(heads: readonly NetworkHead[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    if (heads.length === 0) return new Set();
    for (const head of heads) {
      const name = engineNetworkName(head);
      this.#known.delete(name);
      await this.#engine.removeNetwork(name, signal);
    }
    const left = new Set(await this.#engine.listNetworks(signal));
    return new Set(heads.filter((head) => left.has(engineNetworkName(head))).map(({ id }) => id));
  }

  /** Removes what is there beside the networks that are wanted; what is in use is tried again with the next round. */
  async tidy(networks: readonly LiveNetwork[], signal: AbortSignal): Promise<void> {
    const keep = new Set(networks.map(({ head }) => engineNetworkName(head)));
    const gone = [...this.#known.keys()].filter((name) => !keep.has(name));
    if (this.#tidy && gone.length === 0) return;
    for (const name of gone) this.#known.delete(name);
    for (const name of await this.#superfluous(keep, signal))
      await this.#engine.removeNetwork(name, signal);
    this.#tidy = (await this.#superfluous(keep, signal)).length === 0;
  }

  async #ensureOne(network: EngineNetwork, signal: AbortSignal): Promise<void> {
    if (deepEqual(this.#known.get(network.name), network)) return;
    this.#known.delete(network.name);
    await this.#engine.ensureNetwork(network, signal);
    this.#known.set(network.name, network);
  }

  async #superfluous(keep: ReadonlySet<string>, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#engine.listNetworks(signal)).filter((name) => !keep.has(name));
  }
}
