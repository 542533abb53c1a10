import { daemonCommand } from "@skein/daemon";
import { playgroundCommand } from "@skein/playground";
import { Command } from "commander";

const program = new Command("skein").addCommand(daemonCommand()).addCommand(playgroundCommand());

await program.parseAsync();
