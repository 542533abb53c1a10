import type {
  NetworkDelta,
  NetworkNews,
  NetworkSnapshot,
  PortsDelta,
  PublishedPort,
} from "@skein/model";
import type { CommittedBatch, View } from "@skein/store";
import type { TableChanges } from "../networks/deltas.ts";
import { tableChanges } from "../networks/deltas.ts";
import { networkTable, publishedPorts } from "../networks/tables.ts";

/** What one batch tells nodes of their networks: made once, and given to all of them. */
export class NetworkBatch {
  readonly version: number;
  readonly #feed: NetworkFeed;
  readonly #changes: TableChanges;
  readonly #deltas: ReadonlyMap<string, NetworkDelta>;
  readonly #ports: PortsDelta | undefined;
  readonly #messages = new Map<string, NetworkNews>();

  constructor(
    feed: NetworkFeed,
    version: number,
    changes: TableChanges,
    {
      deltas,
      ports,
    }: {
      readonly deltas: ReadonlyMap<string, NetworkDelta>;
      readonly ports: PortsDelta | undefined;
    },
  ) {
    this.#feed = feed;
    this.version = version;
    this.#changes = changes;
    this.#deltas = deltas;
    this.#ports = ports;
  }

  /** Networks whose nodes hear something. */
  get touched(): readonly string[] {
    return [...this.#changes.replaced, ...this.#deltas.keys()];
  }

  /** Whether published ports are different. */
  get hasPorts(): boolean {
    return this.#changes.ports !== undefined;
  }

  /** The whole table of a network, as it is after the batch. */
  table(view: View, id: string): NetworkSnapshot | undefined {
    return this.#feed.table(view, id);
  }

  /**
   * What a node hears that is on these of the touched networks, and was before. Nodes on the same get the same
   * object: the transport encodes it once.
   */
  message(view: View, ids: readonly string[]): NetworkNews {
    const key = ids.toSorted().join(" ");
    const known = this.#messages.get(key);
    if (known) return known;
    const message: NetworkNews = {
      type: "networks",
      kind: "delta",
      version: this.version,
      networks: ids
        .filter((id) => this.#changes.replaced.has(id))
        .flatMap((id) => this.#feed.table(view, id) ?? []),
      changes: ids.flatMap((id) => this.#deltas.get(id) ?? []),
      removed: [],
      ...(this.#changes.ports === "all" ? { ports: this.#feed.ports(view) } : {}),
      ...(this.#ports ? { portChanges: this.#ports } : {}),
    };
    this.#messages.set(key, message);
    return message;
  }
}

/**
 * The tables of all networks as sessions are told of them. Keeps of each network the batch that changed it
 * last: deltas refer to it, so that a node notices when it has missed one.
 */
export class NetworkFeed {
  /** Batch of the last change of each network. */
  readonly #changed = new Map<string, number>();
  #portsChanged = 0;
  /** Whole tables, as long as nothing changes on them. */
  readonly #tables = new Map<string, NetworkSnapshot>();
  #ports: readonly PublishedPort[] | undefined;
  /** Everything up to this batch was seen. */
  #seen: number;

  constructor(durableIndex: number) {
    this.#seen = durableIndex;
  }

  /** The newest batch that was observed. */
  get seen(): number {
    return this.#seen;
  }

  /** Takes up a durable batch. To be called with each, in order. */
  observe(view: View, { index, changes }: CommittedBatch): NetworkBatch {
    this.#seen = index;
    const found = tableChanges(view, changes);
    const deltas = new Map<string, NetworkDelta>();
    for (const [id, delta] of found.networks)
      deltas.set(id, { id, base: this.#touch(id, index), version: index, ...delta });
    for (const id of found.replaced) {
      this.#touch(id, index);
      if (!view.get("networks", id)) this.#changed.delete(id);
    }
    if (found.ports === undefined) return new NetworkBatch(this, index, found, noPorts(deltas));
    const base = this.#portsChanged;
    this.#portsChanged = index;
    this.#ports = undefined;
    const ports = found.ports === "all" ? undefined : { base, ...found.ports };
    return new NetworkBatch(this, index, found, { deltas, ports });
  }

  /** The whole table, in which at least every batch that was observed is; undefined when there is none. */
  table(view: View, id: string): NetworkSnapshot | undefined {
    const known = this.#tables.get(id);
    if (known) return known;
    const network = view.get("networks", id);
    if (!network) return undefined;
    const table = networkTable(view, network, this.#seen);
    this.#tables.set(id, table);
    return table;
  }

  ports(view: View): readonly PublishedPort[] {
    this.#ports ??= publishedPorts(view);
    return this.#ports;
  }

  /** Notes a change. Gives the batch of the one before. */
  #touch(id: string, index: number): number {
    const base = this.#changed.get(id) ?? 0;
    this.#changed.set(id, index);
    this.#tables.delete(id);
    return base;
  }
}

const noPorts = (
  deltas: ReadonlyMap<string, NetworkDelta>,
): { readonly deltas: ReadonlyMap<string, NetworkDelta>; readonly ports: undefined } => ({
  deltas,
  ports: undefined,
});
