import type { Host } from "../host.ts";

/** What goes wrong with managers. */
export type ManagerFault = "manager" | "disk" | "network" | "freeze" | "clock";

/** What goes wrong with the managers of a cluster, one or several. */
export interface ManagerFaults {
  /** Whether a fault of hosts strikes managers too. */
  shares(kind: string): kind is ManagerFault;
  strike(kind: ManagerFault): void;
  /** A machine loses power, with all that is on it. */
  powerOff(host: Host): void;
  /** Everything on it works again. */
  repair(host: Host): void;
  /** Heals all, but perhaps a minority of the managers' machines, if machines may die. */
  finish(machinesDie: boolean): void;
}

/** Does something at a random time within so many ms, unless all is healed before. */
export type Later = (longestMs: number, action: () => void) => void;
