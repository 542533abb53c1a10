/** Why a host can't be reached at its address, or what it answers there to show that it is the one. */
export type ReachProof =
  | { readonly kind: "listens"; readonly word: string }
  | { readonly kind: "cannot-listen"; readonly reason: string };

/**
 * What a host says of itself when it asks to be let in. What a manager needs is checked before it is
 * one: nothing is half made.
 */
export interface JoiningHost {
  /** The protocol that its Skein speaks (`PROTOCOL_VERSION`). */
  readonly protocol: number;
  /** It can do with managers from this version on. */
  readonly oldest: number;
  /** The version of etcd there; absent: none that could be used. */
  readonly etcd?: string;
  /** It was told of an etcd for the managers' state (`--store-endpoints`). */
  readonly externalStore?: boolean;
  /** `host:port` at which the other managers are to reach it. */
  readonly advertiseAddr: string;
  readonly reach: ReachProof;
}
