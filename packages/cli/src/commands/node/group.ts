import type { GroupSpec } from "../../command/spec.ts";
import { filterFlag, inspectFormat, listFormat } from "../../flags/common.ts";
import { forceRemove, nodeUpdateFlags } from "./flags.ts";
import { prettyFlag, quietIds, taskFlags } from "../list-flags.ts";

const MANY = Number.MAX_SAFE_INTEGER;
const nodes = { kind: "nodes" } as const;

/** `skein node`. */
export const nodeGroup: GroupSpec = {
  name: "node",
  summary: "Manage Swarm nodes",
  commands: [
    {
      name: "demote",
      summary: "Demote one or more nodes from manager in the swarm",
      usage: "NODE [NODE...]",
      args: [1, MANY],
      complete: nodes,
      load: async () => (await import("./role.ts")).demote,
    },
    {
      name: "inspect",
      summary: "Display detailed information on one or more nodes",
      usage: "[OPTIONS] self|NODE [NODE...]",
      args: [1, MANY],
      flags: [inspectFormat, prettyFlag],
      complete: nodes,
      load: async () => (await import("./inspect.ts")).run,
    },
    {
      name: "ls",
      aliases: ["list"],
      summary: "List nodes in the swarm",
      usage: "[OPTIONS]",
      args: [0, 0],
      flags: [filterFlag, listFormat, quietIds],
      load: async () => (await import("./ls.ts")).run,
    },
    {
      name: "promote",
      summary: "Promote one or more nodes to manager in the swarm",
      usage: "NODE [NODE...]",
      args: [1, MANY],
      complete: nodes,
      load: async () => (await import("./role.ts")).promote,
    },
    {
      name: "ps",
      summary: "List tasks running on one or more nodes, defaults to current node",
      usage: "[OPTIONS] [NODE...]",
      args: [0, MANY],
      flags: [filterFlag, ...Object.values(taskFlags)],
      complete: nodes,
      load: async () => (await import("./ps.ts")).run,
    },
    {
      name: "rm",
      aliases: ["remove"],
      summary: "Remove one or more nodes from the swarm",
      usage: "[OPTIONS] NODE [NODE...]",
      args: [1, MANY],
      flags: [forceRemove],
      complete: nodes,
      load: async () => (await import("./rm.ts")).run,
    },
    {
      name: "update",
      summary: "Update a node",
      usage: "[OPTIONS] NODE",
      args: [1, 1],
      flags: Object.values(nodeUpdateFlags),
      complete: nodes,
      load: async () => (await import("./update.ts")).run,
    },
  ],
};
