import type { EncryptionSupport, NetworkDifference } from "@skein/model";
import type { KernelState } from "./kernel-state.ts";
import type { Touched } from "./touched.ts";

/** What was done to a node's kernel. */
export interface DataplaneReport {
  /** How many entries of each kind were made, changed or removed; empty when all was right. */
  readonly changes: Readonly<Record<string, number>>;
}

/** What an audit found, and repaired. */
export interface AuditReport extends DataplaneReport {
  readonly differences: readonly NetworkDifference[];
}

/** One of a container's interfaces, seen from both ends. */
export interface AttachedInterface {
  /** The interface's name in the container. */
  readonly name: string;
  /** Its other end's name on the host. */
  readonly port: string;
  readonly bridge: string;
  readonly mac: string;
}

/** How a container's traffic leaves it. */
export interface Attachment {
  /** Process in the container. */
  readonly pid: number;
  /** Its default gateways, one for each address family; others are removed from its routes. */
  readonly gateways: readonly string[];
}

/** What of the node the plan depends on. */
export interface HostNetwork {
  /** MTU of the interface that has the data path address, in bytes. */
  readonly underlayMtu: number;
}

/**
 * A node's kernel, as far as overlay networks are concerned. Calls may overlap: they are served one
 * after the other. They reject with an OperationError: kind `failed-precondition` when the node lacks
 * something (see {@link Dataplane.requirements}), `unavailable` when a change was refused.
 */
export interface Dataplane {
  /** Rejects (kind `failed-precondition`) when no interface has the data path address. */
  host(underlay: string): Promise<HostNetwork>;
  /**
   * Brings the kernel to this state. Only differences are touched: first what is new, then, in one
   * transaction, where connections lead, then what is old. After a failure the kernel may be in
   * between; the next call goes on from what is there. With `touched` only that is compared: the rest of
   * the state is as in the last call, with the same object.
   */
  apply(wanted: KernelState, touched?: Touched): Promise<DataplaneReport>;
  /** Reads everything back, repairs what differs from the last state applied, and names it. */
  audit(): Promise<AuditReport>;
  /** Reads everything back, and names what differs; nothing is changed. */
  compare(): Promise<readonly NetworkDifference[]>;
  /** Removes every trace. */
  remove(): Promise<DataplaneReport>;
  /**
   * To be called when a container on our networks has been started: lets it reach itself, and sees to its
   * default route. Says which interfaces it has, for the next plan.
   */
  attach(attachment: Attachment): Promise<readonly AttachedInterface[]>;
  /** Whether encrypted networks can be had here, tried out. */
  encryption(): Promise<EncryptionSupport>;
  /**
   * Features of the kernel and programs that overlay networks need and this node lacks, tried out. Takes
   * some hundred milliseconds the first time; that nothing is missing is remembered.
   */
  requirements(): Promise<readonly string[]>;
  /** What of the traffic the host's firewall and settings may refuse, and what to do, in sentences. */
  warnings(): Promise<readonly string[]>;
  /** Ends the programs that were kept. The kernel's state stays. */
  close(): Promise<void>;
}
