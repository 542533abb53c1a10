export { runProgram } from "./program/run.ts";
export type { LazyCommand } from "./program/run.ts";
export { VERSION } from "./version.ts";
