export { daemonCommand } from "./command.ts";
export { declarations } from "./options.ts";
export type { DaemonOptions } from "./options.ts";
