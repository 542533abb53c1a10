import type { EngineEndpoint, EngineNetwork } from "../network/engine-network.ts";
import type { TableRecord } from "../network/tables/records.ts";

/** Networks as the engine has them. */
export interface EngineNetworks {
  /** Makes the engine's network on our bridge, unless it is there. */
  ensureNetwork(network: EngineNetwork, signal: AbortSignal): Promise<void>;
  /** Names of the networks that were made so. */
  listNetworks(signal: AbortSignal): Promise<readonly string[]>;
  /** Removes one; no error when it is gone, or still in use: it is tried again later. */
  removeNetwork(name: string, signal: AbortSignal): Promise<void>;
}

/** The tables over a restart of the daemon, while no manager answers. */
export interface TablesStore {
  load(): Promise<readonly TableRecord[]>;
  /** Writes these records, all or none. */
  save(records: readonly TableRecord[]): Promise<void>;
  /** Removes all records. */
  clear(): Promise<void>;
}

/** A container's place on one overlay network. */
export interface WorkloadOverlay {
  /** The engine's network. */
  readonly network: string;
  readonly endpoint: EngineEndpoint;
  /** This node's addresses there: the container's gateways, where names are answered too. */
  readonly gateways: readonly string[];
  /** The network by which published connections come in, and answers must leave. */
  readonly ingress: boolean;
}
