import type { NetworkNews } from "@skein/model";
import type { View } from "@skein/store";
import { DEFAULT_DATA_PATH_PORT } from "../membership/bootstrap.ts";
import { underlayOf } from "../networks/tables.ts";
import type { NetworkBatch, NetworkFeed } from "./network-feed.ts";

type DataPath = NonNullable<NetworkNews["dataPath"]>;

/** What one session's node was told of its networks, and what it must hear next. */
export class NetworkAnnouncements {
  readonly #nodeId: string;
  readonly #known = new Set<string>();
  #dataPath: DataPath = { underlay: "", port: 0 };

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** Everything, as the view has it. Call once, first; then {@link NetworkAnnouncements.delta} with each batch. */
  full(view: View, feed: NetworkFeed): NetworkNews {
    this.#dataPath = this.#dataPathIn(view);
    const networks = this.#attached(view).flatMap((id) => feed.table(view, id) ?? []);
    for (const { id } of networks) this.#known.add(id);
    return {
      type: "networks",
      kind: "full",
      version: feed.seen,
      dataPath: this.#dataPath,
      networks,
      changes: [],
      removed: [],
      ports: feed.ports(view),
    };
  }

  /** The difference that a batch makes for this node; undefined when it makes none. */
  delta(view: View, batch: NetworkBatch): NetworkNews | undefined {
    const attached = this.#attached(view);
    const stale = batch.touched.filter((id) => this.#known.has(id) && attached.includes(id));
    const removed = [...this.#known].filter((id) => !attached.includes(id));
    const added = attached
      .filter((id) => !this.#known.has(id))
      .flatMap((id) => batch.table(view, id) ?? []);
    const dataPath = this.#newDataPath(view);
    const isOwn = removed.length + added.length > 0 || dataPath !== undefined;
    if (!isOwn && stale.length === 0 && !batch.hasPorts) return undefined;
    const message = batch.message(view, stale);
    if (!isOwn) return message;
    for (const id of removed) this.#known.delete(id);
    for (const { id } of added) this.#known.add(id);
    const networks = [...message.networks, ...added];
    return { ...message, networks, removed, ...(dataPath ? { dataPath } : {}) };
  }

  /** Whether the node is on one of these networks. */
  isOn(networkIds: readonly string[]): boolean {
    return networkIds.some((id) => this.#known.has(id));
  }

  #attached(view: View): readonly string[] {
    return (view.get("nodes", this.#nodeId)?.attachments ?? []).map(({ networkId }) => networkId);
  }

  #dataPathIn(view: View): DataPath {
    const node = view.get("nodes", this.#nodeId);
    const [cluster] = view.all("clusters").values();
    return {
      underlay: node ? underlayOf(node) : "",
      port: cluster?.dataPathPort ?? DEFAULT_DATA_PATH_PORT,
    };
  }

  #newDataPath(view: View): DataPath | undefined {
    const now = this.#dataPathIn(view);
    const { underlay, port } = this.#dataPath;
    if (now.underlay === underlay && now.port === port) return undefined;
    this.#dataPath = now;
    return now;
  }
}
