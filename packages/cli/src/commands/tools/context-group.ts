import type { GroupSpec } from "../../command/spec.ts";
import { contextFlags } from "./tool-flags.ts";

/** `skein context`. */
export const contextGroup: GroupSpec = {
  name: "context",
  summary: "Make the docker command talk to Skein",
  commands: [
    {
      name: "install",
      summary: "Add a docker context for the daemon, or update it",
      usage: "[OPTIONS]",
      args: [0, 0],
      flags: Object.values(contextFlags),
      load: async () => (await import("./context-install.ts")).run,
    },
    {
      name: "uninstall",
      summary: "Remove the docker context",
      usage: "[OPTIONS]",
      args: [0, 0],
      flags: [contextFlags.name],
      load: async () => (await import("./context-install.ts")).uninstall,
    },
  ],
};
