import type { Run } from "../../command/spec.ts";
import { forEach } from "../each.ts";
import { forceRemove } from "./flags.ts";

/** `skein node rm`: removes what can be removed, then a line for each node that failed. */
export const run: Run = (context, flags, args) =>
  forEach(args, async (ref) => {
    await context.client().nodes.remove(ref, flags.on(forceRemove));
    context.out(`${ref}\n`);
  });
