import type { Service, Task } from "@skein/wire";
import type { Message } from "./message.ts";

/** What is known of the cluster at one moment. */
export interface Observation {
  /** The tasks of the service's present version. */
  readonly tasks: readonly Task[];
  /** Ids of the nodes that are not down. */
  readonly activeNodes: ReadonlySet<string>;
  /** Whether the service is going back to its former version. */
  readonly rollback: boolean;
}

/** What to show, and whether the service is as it is wanted. */
export interface Verdict {
  readonly messages: readonly Message[];
  readonly converged: boolean;
}

/** Follows one service from observation to observation. It remembers what it has shown. */
export type Tracker = (service: Service, observation: Observation) => Verdict;
