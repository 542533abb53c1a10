import type { GroupSpec } from "../../command/spec.ts";
import {
  detachFlag,
  filterFlag,
  inspectFormat,
  listFormat,
  quietProgress,
} from "../../flags/common.ts";
import { createFlagList } from "./create-flags.ts";
import { logsFlags, prettyFlag, quietIds, taskFlags } from "../list-flags.ts";
import { updateFlagList } from "./update-flags.ts";

const MANY = Number.MAX_SAFE_INTEGER;
const services = { kind: "services" } as const;

/** `skein service`. */
export const serviceGroup: GroupSpec = {
  name: "service",
  summary: "Manage Swarm services",
  commands: [
    {
      name: "create",
      summary: "Create a new service",
      usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
      args: [1, MANY],
      flags: createFlagList,
      flagsFirst: true,
      load: async () => (await import("./create.ts")).run,
    },
    {
      name: "inspect",
      summary: "Display detailed information on one or more services",
      usage: "[OPTIONS] SERVICE [SERVICE...]",
      args: [1, MANY],
      flags: [inspectFormat, prettyFlag],
      complete: services,
      load: async () => (await import("./inspect.ts")).run,
    },
    {
      name: "logs",
      summary: "Fetch the logs of a service or task",
      usage: "[OPTIONS] SERVICE|TASK",
      args: [1, 1],
      flags: Object.values(logsFlags),
      complete: { kind: "service-or-task" },
      load: async () => (await import("./logs.ts")).run,
    },
    {
      name: "ls",
      aliases: ["list"],
      summary: "List services",
      usage: "[OPTIONS]",
      args: [0, 0],
      flags: [filterFlag, listFormat, quietIds],
      load: async () => (await import("./ls.ts")).run,
    },
    {
      name: "ps",
      summary: "List the tasks of one or more services",
      usage: "[OPTIONS] SERVICE [SERVICE...]",
      args: [1, MANY],
      flags: [filterFlag, ...Object.values(taskFlags)],
      complete: services,
      load: async () => (await import("./ps.ts")).run,
    },
    {
      name: "rm",
      aliases: ["remove"],
      summary: "Remove one or more services",
      usage: "SERVICE [SERVICE...]",
      args: [1, MANY],
      complete: services,
      load: async () => (await import("./rm.ts")).run,
    },
    {
      name: "rollback",
      summary: "Revert changes to a service's configuration",
      usage: "[OPTIONS] SERVICE",
      args: [1, 1],
      flags: [detachFlag, quietProgress],
      complete: services,
      load: async () => (await import("./rollback.ts")).run,
    },
    {
      name: "scale",
      summary: "Scale one or multiple replicated services",
      usage: "SERVICE=REPLICAS [SERVICE=REPLICAS...]",
      args: [1, MANY],
      flags: [detachFlag],
      complete: { kind: "service-scale" },
      load: async () => (await import("./scale.ts")).run,
    },
    {
      name: "update",
      summary: "Update a service",
      usage: "[OPTIONS] SERVICE",
      args: [1, 1],
      flags: updateFlagList,
      complete: services,
      load: async () => (await import("./update.ts")).run,
    },
  ],
};
