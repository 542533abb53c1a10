import type { Assignments, DownMessage } from "@skein/model";
import type { CommittedBatch, View } from "@skein/store";
import { AssignmentSet } from "./assignments.ts";

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
  /** Monotonic milliseconds. */
  lastHeard: number;
  ended = false;
  readonly #assignments: AssignmentSet;
  /** Batches up to this index are in the full set. Undefined until it was computed. */
  #base: number | undefined;
  readonly #held: Assignments[] = [];
  #live = false;

  constructor(id: string, nodeId: string, link: SessionLink, now: number) {
    this.id = id;
    this.nodeId = nodeId;
    this.link = link;
    this.lastHeard = now;
    this.#assignments = new AssignmentSet(nodeId);
  }

  /**
   * Computes the full set from the newest state. Send it when all of that is durable, by calling
   * {@link Session.begin}. Batches after `closedIndex` come as differences, although the set may show
   * the beginning of the next one: what is told twice does no harm, what is not told would.
   */
  prepare(view: View, closedIndex: number): Assignments {
    this.#base = closedIndex;
    return this.#assignments.full(view);
  }

  /** Sends the full set, and the differences that became durable since. */
  begin(full: Assignments): void {
    this.#live = true;
    this.send(full);
    for (const delta of this.#held.splice(0)) this.send(delta);
  }

  /** Tells the agent what a durable batch changes for it. */
  commit(view: View, batch: CommittedBatch): void {
    if (this.#base === undefined || batch.index <= this.#base) return;
    const delta = this.#assignments.delta(view, batch.changes);
    if (!delta) return;
    if (this.#live) this.send(delta);
    else this.#held.push(delta);
  }

  send(message: DownMessage): void {
    if (!this.ended) this.link.send(message);
  }

  end(error?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.link.close(error);
  }
}
