import { runProgram } from "@skein/cli";

const [node = process.execPath, script = ""] = process.argv;

// Daemon and playground are large, and most commands need neither.
const code = await runProgram(process.argv.slice(2), [
  {
    name: "daemon",
    summary: "Run the Skein daemon on this host",
    load: async () => (await import("@skein/daemon")).daemonCommand(),
  },
  {
    name: "playground",
    summary: "Several hosts on this machine, each with an engine of its own, as one cluster",
    load: async () =>
      (await import("@skein/playground")).playgroundCommand({
        daemonProgram: [node, script, "daemon"],
      }),
  },
]);

if (code !== 0) process.exitCode = code;
