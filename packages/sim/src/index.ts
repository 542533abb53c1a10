export { faultClasses } from "./plan/faults.ts";
export type { FaultClass } from "./plan/faults.ts";
export { plantedBugs } from "./planted-bugs.ts";
export type { PlantedBug } from "./planted-bugs.ts";
export { runSimulation } from "./simulation.ts";
export type { SimulationOptions, SimulationResult } from "./simulation.ts";
