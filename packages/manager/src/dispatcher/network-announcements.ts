import type { NetworkNews, NetworkTable } from "@skein/model";
import type { Change, View } from "@skein/store";
import { DEFAULT_DATA_PATH_PORT } from "../membership/bootstrap.ts";
import { networksOfService } from "../networks/needs.ts";
import { networkTable, publishedPorts } from "../networks/tables.ts";

/** What a batch changes for the tables of the networks, found once for all sessions. */
export interface NetworkChanges {
  /** Ids of the networks whose tables differ. */
  readonly networks: ReadonlySet<string>;
  readonly ports: boolean;
}

/** Looks through a batch. Status reports of tasks without networks cost nothing more. */
export const networkChanges = (view: View, changes: readonly Change[]): NetworkChanges => {
  const networks = new Set<string>();
  let ports = false;
  for (const change of changes) {
    if (change.table === "networks") networks.add(change.id);
    if (change.table === "tasks")
      for (const task of [change.before, change.after])
        for (const { networkId } of task?.networks ?? []) networks.add(networkId);
    if (change.table === "attachments")
      for (const held of [change.before, change.after])
        for (const { networkId } of held?.networks ?? []) networks.add(networkId);
    if (change.table === "nodes")
      for (const node of [change.before, change.after])
        for (const { networkId } of node?.attachments ?? []) networks.add(networkId);
    if (change.table !== "services") continue;
    ports = true;
    for (const service of [change.before, change.after]) {
      if (!service) continue;
      for (const { NetworkID } of service.endpoint?.VirtualIPs ?? []) networks.add(NetworkID ?? "");
      for (const { network } of networksOfService(view, service)) networks.add(network.id);
    }
  }
  return { networks, ports };
};

/** What one session's node was told of its networks, and what it must hear next. */
export class NetworkAnnouncements {
  readonly #nodeId: string;
  readonly #known = new Set<string>();

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** Everything, as the view has it. Call once, first. */
  full(view: View, version: number): NetworkNews {
    const ids = [...(view.get("nodes", this.#nodeId)?.attachments ?? [])];
    const networks = this.#tables(
      view,
      ids.map(({ networkId }) => networkId),
    );
    return { ...this.#head(view, version), kind: "full", networks, ports: publishedPorts(view) };
  }

  /** The difference that a batch makes for this node; undefined when it makes none. */
  delta(view: View, changes: NetworkChanges, version: number): NetworkNews | undefined {
    const attached = view.get("nodes", this.#nodeId)?.attachments ?? [];
    const now = new Set(attached.map(({ networkId }) => networkId));
    const removed = [...this.#known].filter((id) => !now.has(id));
    const stale = [...now].filter((id) => changes.networks.has(id) || !this.#known.has(id));
    if (removed.length + stale.length === 0 && !(changes.ports && now.size > 0)) return undefined;
    for (const id of removed) this.#known.delete(id);
    return {
      ...this.#head(view, version),
      networks: this.#tables(view, stale),
      removed,
      ...(changes.ports ? { ports: publishedPorts(view) } : {}),
    };
  }

  /** Whether the node is on one of these networks. */
  isOn(networkIds: readonly string[]): boolean {
    return networkIds.some((id) => this.#known.has(id));
  }

  #tables(view: View, ids: readonly string[]): readonly NetworkTable[] {
    return ids.flatMap((id) => {
      const network = view.get("networks", id);
      const table = network && networkTable(view, network, this.#nodeId);
      if (!table) return [];
      this.#known.add(id);
      return [table];
    });
  }

  #head(view: View, version: number): NetworkNews {
    const node = view.get("nodes", this.#nodeId);
    const [cluster] = view.all("clusters").values();
    return {
      type: "networks",
      kind: "delta",
      version,
      underlay: node?.dataPathAddr ?? node?.status.addr ?? "",
      dataPathPort: cluster?.dataPathPort ?? DEFAULT_DATA_PATH_PORT,
      networks: [],
      removed: [],
    };
  }
}
