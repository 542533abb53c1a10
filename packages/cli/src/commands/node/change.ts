import { modify } from "@skein/sdk";
import type { Node, NodeSpec } from "@skein/wire";
import type { Context } from "../../command/spec.ts";

/** How often a change starts over when somebody else was faster. */
const ATTEMPTS = 5;
const FIRST_DELAY_MS = 50;

/**
 * Reads a node, computes its next spec and writes it. No write when `change` gives undefined;
 * the result says whether one was made.
 */
export const changeNode = (
  context: Context,
  ref: string,
  change: (node: Node) => NodeSpec | undefined,
): Promise<boolean> => {
  const { nodes } = context.client();
  return modify(
    () => nodes.inspect(ref),
    async (node) => {
      const spec = change(node);
      if (spec) await nodes.update(node.ID, node.Version.Index ?? 0, spec);
      return spec !== undefined;
    },
    { clock: context.clock, attempts: ATTEMPTS, delayMs: FIRST_DELAY_MS },
  );
};
