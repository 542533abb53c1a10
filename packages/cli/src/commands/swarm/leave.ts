import type { Run } from "../../command/spec.ts";
import { forceLeave } from "./flags.ts";

/** `skein swarm leave`. */
export const run: Run = async (context, flags) => {
  await context.client().swarm.leave(flags.on(forceLeave));
  context.out("Node left the swarm.\n");
};
