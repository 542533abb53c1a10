import { deepEqual } from "@skein/base";
import type {
  Attachment,
  Difference,
  NetworkDelta,
  NetworkEndpoint,
  NetworkPeer,
  NetworkService,
  Node,
  PublishedPort,
  Service,
  Task,
} from "@skein/model";
import { portKey } from "@skein/model";
import type { Change, View } from "@skein/store";
import { isMissed, mayServe, missedTasks } from "./backends.ts";
import { ingressNetwork, networksOfService } from "./needs.ts";
import { containerOf, endpointOf, peerOf, portsOf, serviceOf } from "./tables.ts";

/** A {@link Difference} while it is put together: entries by key, undefined for those that are gone. */
type Draft<T> = Map<string, T | undefined>;

interface NetworkDraft {
  readonly peers: Draft<NetworkPeer>;
  readonly endpoints: Draft<NetworkEndpoint>;
  readonly services: Draft<NetworkService>;
}

/** What a batch changes in the tables of the networks, found once for all sessions. */
export interface TableChanges {
  /** By network; those that change in more than their entries are in `replaced` instead. */
  readonly networks: ReadonlyMap<string, Omit<NetworkDelta, "id" | "base" | "version">>;
  /** Networks that are new, gone, or differ as a whole. */
  readonly replaced: ReadonlySet<string>;
  /** Undefined: as before. `all`: the ingress network came or went, and all ports with it. */
  readonly ports: "all" | Difference<PublishedPort> | undefined;
}

const differenceOf = <T>(draft: Draft<T>): Difference<T> | undefined =>
  draft.size === 0
    ? undefined
    : {
        changed: [...draft.values()].filter((entry) => entry !== undefined),
        removed: [...draft].flatMap(([key, entry]) => (entry === undefined ? [key] : [])),
      };

/** Collects what a batch changes; its cost is that of the objects in the batch, not of the networks. */
class Collector {
  readonly #view: View;
  readonly #networks = new Map<string, NetworkDraft>();
  readonly #replaced = new Set<string>();
  readonly #ports: Draft<PublishedPort> = new Map();
  /** Services of which tasks are different: their last resorts may be others. */
  readonly #services = new Set<string>();
  #allPorts = false;

  constructor(view: View) {
    this.#view = view;
  }

  add(change: Change): void {
    if (change.table === "tasks") this.#task(change.before, change.after);
    else if (change.table === "nodes") this.#node(change.before, change.after);
    else if (change.table === "services") this.#service(change.before, change.after);
    else if (change.table === "attachments") this.#container(change.before, change.after);
    else if (change.table === "networks") {
      this.#replaced.add(change.id);
      this.#allPorts ||= (change.before ?? change.after)?.ingress === true;
    }
  }

  result(): TableChanges {
    this.#lastResorts();
    const networks = new Map<string, Omit<NetworkDelta, "id" | "base" | "version">>();
    for (const [id, draft] of this.#networks) {
      if (this.#replaced.has(id)) continue;
      const peers = differenceOf(draft.peers);
      const endpoints = differenceOf(draft.endpoints);
      const services = differenceOf(draft.services);
      networks.set(id, {
        ...(peers ? { peers } : {}),
        ...(endpoints ? { endpoints } : {}),
        ...(services ? { services } : {}),
      });
    }
    const ports = this.#allPorts ? "all" : differenceOf(this.#ports);
    return { networks, replaced: this.#replaced, ports };
  }

  #task(before: Task | undefined, after: Task | undefined): void {
    const ids = new Set(
      [before, after].flatMap((task) => (task?.networks ?? []).map(({ networkId }) => networkId)),
    );
    const id = after?.id ?? before?.id ?? "";
    this.#services.add(after?.serviceId ?? before?.serviceId ?? "");
    // Whether it was a last resort can't be seen any more.
    const isUnsure = before !== undefined && mayServe(before);
    for (const network of ids) {
      const was = before && endpointOf(this.#view, network, before);
      const now = after && endpointOf(this.#view, network, after);
      if (isUnsure || !deepEqual(was, now)) this.#draft(network).endpoints.set(id, now);
    }
  }

  /** Tasks of missed nodes come and go as last resorts with what happens to others of their service. */
  #lastResorts(): void {
    if (this.#services.size === 0) return;
    for (const [service, tasks] of missedTasks(this.#view))
      if (this.#services.has(service)) for (const task of tasks) this.#tell(task);
  }

  #tell(task: Task): void {
    for (const { networkId } of task.networks ?? [])
      this.#draft(networkId).endpoints.set(task.id, endpointOf(this.#view, networkId, task));
  }

  #container(before: Attachment | undefined, after: Attachment | undefined): void {
    const ids = new Set(
      [before, after].flatMap((one) => (one?.networks ?? []).map(({ networkId }) => networkId)),
    );
    const id = after?.id ?? before?.id ?? "";
    for (const network of ids) {
      const was = before && containerOf(network, before);
      const now = after && containerOf(network, after);
      if (!deepEqual(was, now)) this.#draft(network).endpoints.set(id, now);
    }
  }

  #node(before: Node | undefined, after: Node | undefined): void {
    const ids = new Set(
      [before, after].flatMap((node) =>
        (node?.attachments ?? []).map(({ networkId }) => networkId),
      ),
    );
    const id = after?.id ?? before?.id ?? "";
    for (const network of ids) {
      const was = before && peerOf(network, before);
      const now = after && peerOf(network, after);
      if (!deepEqual(was, now)) this.#draft(network).peers.set(id, now);
    }
    if (isMissed(before) === isMissed(after)) return;
    for (const task of this.#view.tasksOfNode(id).values()) if (mayServe(task)) this.#tell(task);
  }

  #service(before: Service | undefined, after: Service | undefined): void {
    const ids = new Set(
      [before, after].flatMap((service) =>
        service
          ? [
              ...networksOfService(this.#view, service).map(({ network }) => network.id),
              ...(service.endpoint?.VirtualIPs ?? []).map(({ NetworkID }) => NetworkID ?? ""),
            ]
          : [],
      ),
    );
    const id = after?.id ?? before?.id ?? "";
    for (const network of ids) {
      const was = before && serviceOf(this.#view, network, before);
      const now = after && serviceOf(this.#view, network, after);
      if (!deepEqual(was, now)) this.#draft(network).services.set(id, now);
    }
    this.#portsOf(before, after);
  }

  #portsOf(before: Service | undefined, after: Service | undefined): void {
    if (!ingressNetwork(this.#view)) return;
    const was = before ? portsOf(before) : [];
    const now = after ? portsOf(after) : [];
    if (deepEqual(was, now)) return;
    const kept = new Set(now.map(portKey));
    // What another service of this batch has taken over stays.
    for (const key of was.map(portKey))
      if (!kept.has(key) && !this.#ports.has(key)) this.#ports.set(key, undefined);
    for (const port of now) this.#ports.set(portKey(port), port);
  }

  #draft(network: string): NetworkDraft {
    const known = this.#networks.get(network);
    if (known) return known;
    const draft = { peers: new Map(), endpoints: new Map(), services: new Map() };
    this.#networks.set(network, draft);
    return draft;
  }
}

/** Looks through a batch: which entries of which tables are different after it. */
export const tableChanges = (view: View, changes: readonly Change[]): TableChanges => {
  const collector = new Collector(view);
  for (const change of changes) collector.add(change);
  return collector.result();
};
