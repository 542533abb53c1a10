import type { NetworkTable, PublishedPort } from "./network-table.ts";

/**
 * What protocol 1 knows instead of `NetworkNews`: whole tables, each made for the node that reads it.
 * `full`: networks that it does not name are gone.
 */
export interface WholeNetworks {
  readonly type: "networks";
  readonly kind: "full";
  /** Acknowledged with `networks-applied`. */
  readonly version: number;
  readonly underlay: string;
  readonly dataPathPort: number;
  readonly networks: readonly NetworkTable[];
  readonly removed: readonly string[];
  readonly ports: readonly PublishedPort[];
}
