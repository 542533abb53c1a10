import type { Planner } from "@skein/store";
import type { Cluster } from "./cluster.ts";
import type { World } from "./world.ts";

/** A fault in our own code, made on purpose: the checkers must find it. */
export interface PlantedBug {
  readonly name: string;
  /** Changes the cluster before it starts. */
  readonly plant?: (cluster: Cluster) => void;
  /** Stands between the control loops and the store. */
  readonly sabotage?: (world: World) => (planner: Planner) => Planner;
}
