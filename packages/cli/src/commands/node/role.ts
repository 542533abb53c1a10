import type { NodeRole } from "@skein/wire";
import type { Run } from "../../command/spec.ts";
import { changeNode } from "./change.ts";

const setRole =
  (role: NodeRole, done: (ref: string) => string): Run =>
  async (context, _flags, args) => {
    for (const ref of args) {
      // The first error ends the command, so that a quorum is not lost by a typing mistake.
      const changed = await changeNode(context, ref, (node) => {
        if (node.Spec.Role !== role) return { ...node.Spec, Role: role };
        context.out(`Node ${node.ID} is already a ${role}.\n`);
        return undefined;
      });
      if (changed) context.out(`${done(ref)}\n`);
    }
  };

/** `skein node promote`. */
export const promote: Run = setRole(
  "manager",
  (ref) => `Node ${ref} promoted to a manager in the swarm.`,
);

/** `skein node demote`. */
export const demote: Run = setRole("worker", (ref) => `Manager ${ref} demoted in the swarm.`);
