import type { DownMessage, WholeNetworks } from "@skein/model";
import type { CommittedBatch, View } from "@skein/store";
import { AssignmentSet } from "./assignments.ts";
import { KeyAnnouncements } from "./key-announcements.ts";
import { NetworkAnnouncements } from "./network-announcements.ts";
import type { NetworkBatch, NetworkFeed } from "./network-feed.ts";
import { hearsChanges, understands, wholeNetworks } from "./older-agents.ts";

type Message = DownMessage | WholeNetworks;

/** Tables for an agent of protocol 1, and no news of today. */
const isWhole = (message: Message): message is WholeNetworks =>
  message.type === "networks" && "underlay" in message;

/** The manager's end of one node's stream. */
export interface SessionLink {
  send(message: DownMessage): void;
  /** Ends the stream; with an error the agent sees it. */
  close(error?: Error): void;
}

/**
 * One node's session: what its agent was told, and when it was last heard.
 *
 * States: greeted (hello received, nothing sent) -> live (full set sent) -> ended.
 */
export class Session {
  readonly id: string;
  readonly nodeId: string;
  readonly link: SessionLink;
  /** What the agent speaks; 0 before its hello. */
  protocol = 0;
  /** Monotonic milliseconds. */
  lastHeard: number;
  ended = false;
  readonly #assignments: AssignmentSet;
  readonly #networks: NetworkAnnouncements;
  readonly #keys: KeyAnnouncements;
  /** Batches up to this index are in the full set. Undefined until it was computed. */
  #base: number | undefined;
  readonly #held: Message[] = [];
  #live = false;

  constructor(id: string, nodeId: string, link: SessionLink, now: number) {
    this.id = id;
    this.nodeId = nodeId;
    this.link = link;
    this.lastHeard = now;
    this.#assignments = new AssignmentSet(nodeId);
    this.#networks = new NetworkAnnouncements(nodeId);
    this.#keys = new KeyAnnouncements(nodeId);
  }

  /**
   * Computes the full set from the newest state. Send it when all of that is durable, by calling
   * {@link Session.begin}. Batches after `closedIndex` come as differences, although the set may show
   * the beginning of the next one: what is told twice does no harm, what is not told would.
   */
  prepare(view: View, closedIndex: number, feed: NetworkFeed): readonly Message[] {
    this.#base = closedIndex;
    // A task's networks come before the task, and their keys before them.
    return [this.#keys.full(view), this.#allNetworks(view, feed), this.#assignments.full(view)];
  }

  /** Sends the full set, and the differences that became durable since. */
  begin(full: readonly Message[]): void {
    this.#live = true;
    for (const message of full) this.send(message);
    for (const delta of this.#held.splice(0)) this.send(delta);
  }

  /** Tells the agent what a durable batch changes for it. */
  commit(
    view: View,
    batch: CommittedBatch,
    { networks, feed }: { readonly networks: NetworkBatch; readonly feed: NetworkFeed },
  ): void {
    if (this.#base === undefined) return;
    const news = [
      this.#keys.delta(view, batch.changes),
      // The tables are of the batches that were durable, and none of those after must be left out.
      this.#networkNews(view, networks, feed),
      batch.index > this.#base ? this.#assignments.delta(view, batch.changes) : undefined,
    ];
    for (const message of news) {
      if (!message) continue;
      if (this.#live) this.send(message);
      else this.#held.push(message);
    }
  }

  /** Whether its node was told of one of these networks. */
  isOn(networkIds: readonly string[]): boolean {
    return this.#networks.isOn(networkIds);
  }

  /** Sends what the agent understands. */
  send(message: Message): void {
    const isKnown = isWhole(message) || understands(this.protocol, message);
    // Nobody on the way reads it: it is encoded as it is.
    if (!this.ended && isKnown) this.link.send(message as DownMessage);
  }

  end(error?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.link.close(error);
  }

  #allNetworks(view: View, feed: NetworkFeed): Message {
    const news = this.#networks.full(view, feed);
    return hearsChanges(this.protocol) ? news : wholeNetworks(this.nodeId, news);
  }

  #networkNews(view: View, batch: NetworkBatch, feed: NetworkFeed): Message | undefined {
    const news = this.#networks.delta(view, batch);
    return news && !hearsChanges(this.protocol) ? this.#allNetworks(view, feed) : news;
  }
}
