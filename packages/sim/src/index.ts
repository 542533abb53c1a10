export { notLinearizable } from "./history/linearizability.ts";
export { formatHistory, parseHistory } from "./history/operation.ts";
export type { Operation, OperationKind, Outcome } from "./history/operation.ts";
export { faultClasses } from "./plan/faults.ts";
export type { FaultClass } from "./plan/faults.ts";
export { plantedBugs } from "./planted-bugs.ts";
export type { PlantedBug } from "./planted-bugs.ts";
export { runSimulation } from "./simulation.ts";
export type { SimulationOptions, SimulationResult } from "./simulation.ts";
