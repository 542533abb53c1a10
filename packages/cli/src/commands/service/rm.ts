import type { Run } from "../../command/spec.ts";
import { forEach } from "../each.ts";

/** `skein service rm`: removes what can be removed, then a line for each service that failed. */
export const run: Run = (context, _flags, args) =>
  forEach(args, async (ref) => {
    await context.client().services.remove(ref);
    context.out(`${ref}\n`);
  });
