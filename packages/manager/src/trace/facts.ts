import type { EndpointFacts, NetworkEndpoint, PathFacts } from "@skein/model";

/** What was found out, or why not. */
export type Found<T> = { readonly facts: T } | { readonly failure: string };

/** One end of the way, with what its node says of it. */
export interface Side {
  readonly endpoint: NetworkEndpoint;
  /** Hostname of its node. */
  readonly node: string;
  /** Its address on the network. */
  readonly address: string;
  readonly found: Found<EndpointFacts>;
}

/** Everything that the judgement rests on. */
export interface TraceFacts {
  readonly network: string;
  readonly source: Side;
  readonly destination: Side;
  /** What the source would look up, and what that should lead to. */
  readonly name: string;
  readonly expected: readonly string[];
  /** The VIPs of the destination's service; none for a task, and in mode dnsrr. */
  readonly vips: readonly string[];
  /** The addresses of all tasks to which the VIP should lead. */
  readonly active: readonly string[];
  readonly path: Found<PathFacts>;
  /** The destination's node, by its address on the network and by the one below it. */
  readonly peer?: { readonly gateway: string; readonly underlay: string };
  /** 0: only whether the other end is reached. */
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}
