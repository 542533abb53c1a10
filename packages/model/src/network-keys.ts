/** One secret of the cluster, from which the keys of encrypted networks are derived. */
export interface NetworkKey {
  /** Grows by one from each key of a ring to the next. */
  readonly number: number;
  /** 32 random bytes, as hex digits. Never shown, never logged. */
  readonly secret: string;
}

/**
 * The secrets that are in use. A node takes what was encrypted with any of them, and encrypts with the
 * current one. So while the ring moves on by one, nodes that have heard of it and nodes that have not
 * understand each other.
 */
export interface NetworkKeyRing {
  readonly previous: NetworkKey;
  readonly current: NetworkKey;
  readonly next: NetworkKey;
  /** When the current key became it, in ms since the epoch. */
  readonly rotatedAt: number;
}

/** Whether a node's kernel can encrypt overlay networks, as its agent tried it out. */
export type EncryptionSupport =
  | { readonly supported: true }
  | {
      readonly supported: false;
      /** What the kernel lacks, in a sentence. */
      readonly reason: string;
    };
