import type { DeriveKey } from "./encryption.ts";
import type { BridgePort } from "./kernel-state.ts";

/** What the plan must know besides the managers' tables. */
export interface NodeFacts {
  readonly nodeId: string;
  /** MTU of the interface that has the data path address, in bytes. */
  readonly underlayMtu: number;
  /** Containers' ends in bridges, by interface name, as far as they are known. */
  readonly ports: ReadonlyMap<string, BridgePort>;
  /** How keys are derived; absent on a node whose kernel cannot encrypt networks. */
  readonly deriveKey?: DeriveKey;
}
