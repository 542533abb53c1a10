import type { ContainerPlace, KnownPlaces, NameRedirection, PlainContainer } from "./ports.ts";

/** Where a container's questions for names must be sent; undefined: it asks the right one by itself. */
const gatewayFor = (
  { nameServers }: Pick<PlainContainer, "nameServers">,
  places: readonly ContainerPlace[],
): string | undefined => {
  const gateways = places.flatMap(({ gateways: all }) => all.filter((one) => !one.includes(":")));
  return gateways.some((gateway) => nameServers.includes(gateway)) ? undefined : gateways[0];
};

interface Redirected {
  readonly pid: number;
  readonly gateway: string;
}

/**
 * Sees to it that running containers are answered the cluster's names, also those that were put on their
 * networks after they were made. What is done is remembered to spare the repetition only.
 */
export class ContainerNames {
  readonly #redirection: NameRedirection;
  readonly #networks: KnownPlaces;
  readonly #done = new Map<string, Redirected>();
  #busy: Promise<unknown> = Promise.resolve();

  constructor(redirection: NameRedirection, networks: KnownPlaces) {
    this.#redirection = redirection;
    this.#networks = networks;
  }

  /** Brings about what these containers, which are all there are on our networks, need; in turn. */
  apply(containers: readonly PlainContainer[], signal: AbortSignal): Promise<void> {
    const before = this.#busy;
    const work = async (): Promise<void> => {
      await before;
      await this.#apply(containers, signal);
    };
    const working = work();
    this.#busy = working.catch(() => {
      // Whoever asked is told; the next goes ahead.
    });
    return working;
  }

  async #apply(containers: readonly PlainContainer[], signal: AbortSignal): Promise<void> {
    const named = new Set(containers.map(({ id }) => id));
    for (const [id, { pid }] of this.#done)
      if (!named.has(id)) {
        await this.#redirection.clear(pid);
        this.#done.delete(id);
      }
    for (const container of containers) await this.#applyTo(container, signal);
  }

  async #applyTo(container: PlainContainer, signal: AbortSignal): Promise<void> {
    const { id, pid, nameServers } = container;
    if (pid === 0) {
      this.#done.delete(id);
      return;
    }
    const ids = this.#networks.placesOf(id).map(({ networkId }) => networkId);
    const gateway = gatewayFor(container, await this.#networks.containerPlaces(id, ids, signal));
    const done = this.#done.get(id);
    if (gateway === done?.gateway && (gateway === undefined || pid === done?.pid)) return;
    if (gateway === undefined) {
      await this.#redirection.clear(pid);
      this.#done.delete(id);
      return;
    }
    await this.#redirection.redirect(pid, nameServers, gateway);
    this.#done.set(id, { pid, gateway });
  }
}
