export { playgroundCommand } from "./command.ts";
export type { PlaygroundDependencies } from "./context.ts";
