import type { Node, NodeAvailability, NodeRole, NodeSpec } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Flags } from "../../command/flag.ts";
import type { Run } from "../../command/spec.ts";
import { toMap } from "../../flags/csv.ts";
import { changeNode } from "./change.ts";
import { nodeUpdateFlags } from "./flags.ts";

const merge = (node: Node, flags: Flags): NodeSpec => {
  const { availability, role, labelAdd, labelRm } = nodeUpdateFlags;
  const labels = { ...node.Spec.Labels, ...toMap(flags.all(labelAdd)) };
  for (const key of flags.all(labelRm)) {
    if (!Object.hasOwn(labels, key))
      throw new CommandError(`key ${key} doesn't exist in node's labels`);
    delete labels[key];
  }
  return {
    ...node.Spec,
    Labels: labels,
    // Wrong words go to the daemon: it knows which there are, and says so.
    Role: (flags.get(role) ?? node.Spec.Role) as NodeRole,
    Availability: (flags.get(availability) ?? node.Spec.Availability) as NodeAvailability,
  };
};

/** `skein node update`. */
export const run: Run = async (context, flags, [ref = ""]) => {
  await changeNode(context, ref, (node) => merge(node, flags));
  context.out(`${ref}\n`);
};
