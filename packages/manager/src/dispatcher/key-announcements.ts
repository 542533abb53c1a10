import type { NetworkKeyNews, NetworkKeyRing } from "@skein/model";
import type { Change, View } from "@skein/store";
import { keysFor } from "../networks/encryption.ts";

const message = (keys: NetworkKeyRing | undefined): NetworkKeyNews => ({
  type: "network-keys",
  ...(keys ? { keys } : {}),
});

/** Which keys of encrypted networks one session's node was told. */
export class KeyAnnouncements {
  readonly #nodeId: string;
  #told: NetworkKeyRing | undefined;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** What the node should know. Call once, first. */
  full(view: View): NetworkKeyNews {
    this.#told = keysFor(view, this.#nodeId);
    return message(this.#told);
  }

  /** What a batch changes of it: keys, or the networks that the node is on. Undefined: nothing. */
  delta(view: View, changes: readonly Change[]): NetworkKeyNews | undefined {
    if (!changes.some((change) => this.#concerns(change))) return undefined;
    const now = keysFor(view, this.#nodeId);
    if (now === this.#told) return undefined;
    this.#told = now;
    return message(now);
  }

  #concerns(change: Change): boolean {
    if (change.table === "clusters")
      return change.before?.networkKeys !== change.after?.networkKeys;
    return change.table === "nodes" && change.id === this.#nodeId;
  }
}
