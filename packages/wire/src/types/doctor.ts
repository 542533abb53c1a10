/** What `skein doctor` and `skein network trace` show: Skein's own part of the HTTP API, below /skein/v1. */

/** How bad it is: a problem needs somebody, a warning may become one. */
export type CheckStatus = "ok" | "warning" | "problem";

/** One thing that was looked at. */
export interface Check {
  readonly Name: string;
  readonly Status: CheckStatus;
  /** What was found, in a sentence. */
  readonly Finding: string;
  /** What to do about it; empty when all is well. */
  readonly Advice: string;
}

/** Checks that belong together. */
export interface CheckGroup {
  readonly Name: string;
  readonly Checks: readonly Check[];
}

/** What the audits of a node's networks have found since its daemon started. */
export interface NetworkAudits {
  readonly Audits: number;
  readonly Failed: number;
  /** Differences between the kernel and what it should be, by kind. */
  readonly Found: Readonly<Record<string, number>>;
  readonly Repaired: number;
  /** RFC 3339; empty before the first audit. */
  readonly LastAudit: string;
}

/** What a node says of itself. */
export interface DoctorReport {
  readonly NodeID: string;
  readonly Hostname: string;
  readonly Groups: readonly CheckGroup[];
  /** Absent on a node without networks of the cluster. */
  readonly NetworkAudits?: NetworkAudits;
}

/** `skipped`: nothing was found out, because of what is said. */
export type HopStatus = "ok" | "warning" | "broken" | "skipped";

/** One place on the way from a container to another one. */
export interface TraceHop {
  readonly Name: string;
  /** Hostname of the node; empty when the hop is the cluster's. */
  readonly Node: string;
  readonly Status: HopStatus;
  /** What is so, or why it is broken. */
  readonly Detail: string;
  /** What to do; empty when all is well. */
  readonly Advice: string;
}

/** The way from a container to another one. */
export interface NetworkTrace {
  /** Names of the two ends, as they were chosen. */
  readonly Source: string;
  readonly Destination: string;
  /** Whether a packet gets there. */
  readonly Reached: boolean;
  readonly Hops: readonly TraceHop[];
}
