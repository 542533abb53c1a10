import type { HostListener, PortRange, Reach } from "@skein/model";
import type { AttachedInterface } from "../network/ports.ts";

/** One interface of a container that ends in one of our bridges. */
export interface InsideInterface extends AttachedInterface {
  readonly addresses: readonly string[];
}

/** A container's network namespace, looked into. */
export interface InsideFacts {
  /** All addresses, of whatever interface. */
  readonly addresses: readonly string[];
  readonly interfaces: readonly InsideInterface[];
  readonly listeners: readonly HostListener[];
}

/** What is tried at once, from one place. */
export interface ProbeRequest {
  /** Looked up by the resolvers of that place; empty: nothing. */
  readonly name: string;
  readonly targets: readonly { readonly address: string; readonly port: number }[];
}

export interface ProbeAnswer {
  readonly resolved?: readonly string[];
  readonly unresolved?: string;
  /** By address. */
  readonly reached: Readonly<Record<string, Reach>>;
}

/**
 * Looks at this host's sockets and namespaces, and tries connections. Nothing is changed. Rejects with
 * an OperationError: kind `failed-precondition` when a program is missing, `unavailable` when one fails.
 */
export interface Diagnostics {
  /** Programs that listen on these ports of the host. Sockets of clients do not count. */
  listeners(ranges: readonly PortRange[]): Promise<readonly HostListener[]>;
  /** The host's own addresses, but those of our bridges. */
  addresses(): Promise<readonly string[]>;
  /** The namespace of a process in a container. */
  inside(pid: number): Promise<InsideFacts>;
  /** Tries all at once, each for a second at most; from the host when `pid` is 0. */
  probe(pid: number, request: ProbeRequest): Promise<ProbeAnswer>;
}
