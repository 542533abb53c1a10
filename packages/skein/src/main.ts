import { daemonCommand } from "@skein/daemon";
import { playgroundCommand } from "@skein/playground";
import { Command } from "commander";

const [node = process.execPath, script = ""] = process.argv;

const program = new Command("skein")
  .addCommand(daemonCommand())
  .addCommand(playgroundCommand({ daemonProgram: [node, script, "daemon"] }));

await program.parseAsync();
