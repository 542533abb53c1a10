import type { Flag } from "../../command/flag.ts";
import { booleanFlag, listFlag, wordFlag } from "../../flags/common.ts";

/** `--force` of `node rm`. */
export const forceRemove: Flag<boolean> = booleanFlag(
  "force",
  "Force remove a node from the swarm",
  {
    short: "f",
  },
);

/** Flags of `node update`. */
export interface NodeUpdateFlags {
  readonly availability: Flag<string>;
  readonly role: Flag<string>;
  readonly labelAdd: Flag<string>;
  readonly labelRm: Flag<string>;
}

/** Flags of `node update`. */
export const nodeUpdateFlags: NodeUpdateFlags = {
  availability: wordFlag("availability", 'Availability of the node ("active", "pause", "drain")', [
    "active",
    "pause",
    "drain",
  ]),
  role: wordFlag("role", 'Role of the node ("worker", "manager")', ["worker", "manager"]),
  labelAdd: listFlag("label-add", 'Add or update a node label ("key=value")'),
  labelRm: listFlag("label-rm", "Remove a node label if exists"),
};
