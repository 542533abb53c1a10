import type { GroupSpec } from "../../command/spec.ts";
import { jsonFormat } from "./flags.ts";

/** `skein network`. */
export const networkGroup: GroupSpec = {
  name: "network",
  summary: "Look into the networks of the cluster",
  commands: [
    {
      name: "trace",
      summary: "Walk the way from one container to another, and say where it breaks",
      usage: "[OPTIONS] SOURCE DESTINATION [PORT[/udp]]",
      args: [2, 4],
      flags: [jsonFormat],
      complete: { kind: "services" },
      load: async () => (await import("./trace.ts")).run,
    },
  ],
};
