import type { Command } from "commander";
import type { CommandSpec } from "../../command/spec.ts";
import { addressFlags } from "../swarm/flags.ts";
import { backupFlags, doctorFlags, formatFlag, installFlags } from "./tool-flags.ts";

const MANY = Number.MAX_SAFE_INTEGER;

/** The commands that belong to no kind of object. Completion reads the tree of `program`. */
export const toolSpecs = (program: Command): readonly CommandSpec[] => [
  {
    name: "backup",
    summary: "Write the whole state of the cluster to a file",
    usage: "[OPTIONS]",
    args: [0, 0],
    flags: Object.values(backupFlags),
    load: async () => (await import("./backup.ts")).run,
  },
  {
    name: "completion",
    summary: "Generate the autocompletion script for a shell",
    usage: "(bash|zsh|fish)",
    args: [1, 1],
    complete: { kind: "words", words: ["bash", "zsh", "fish"] },
    load: async () => (await import("../../completion/scripts.ts")).run,
  },
  {
    name: "doctor",
    summary: "Look for what is wrong with this node; with 'network' also repair its networks",
    usage: "[OPTIONS] [GROUP...]",
    args: [0, MANY],
    flags: Object.values(doctorFlags),
    complete: {
      kind: "words",
      words: [
        "engine",
        "disk",
        "kernel",
        "cluster",
        "certificate",
        "clock",
        "ports",
        "network",
        "managers",
      ],
    },
    load: async () => (await import("./doctor.ts")).run,
  },
  {
    name: "info",
    summary: "Display the state of the cluster as this node sees it",
    usage: "[OPTIONS]",
    args: [0, 0],
    flags: [formatFlag],
    load: async () => (await import("./info.ts")).run,
  },
  {
    name: "install",
    summary: "Install a systemd unit for the daemon",
    usage: "[OPTIONS]",
    args: [0, 0],
    flags: Object.values(installFlags),
    load: async () => (await import("./install.ts")).run,
  },
  {
    name: "restore",
    summary: "Make this node the only manager of the cluster in a backup",
    usage: "[OPTIONS] FILE",
    args: [1, 1],
    flags: [addressFlags.advertise, addressFlags.dataPath, addressFlags.listen],
    complete: { kind: "files" },
    load: async () => (await import("./restore.ts")).run,
  },
  {
    name: "version",
    summary: "Show the Skein version information",
    usage: "[OPTIONS]",
    args: [0, 0],
    flags: [formatFlag],
    load: async () => (await import("./version.ts")).run,
  },
  {
    name: "__complete",
    summary: "",
    usage: "WORD...",
    args: [0, MANY],
    flagsFirst: true,
    load: async () => (await import("../../completion/complete.ts")).createRun(program),
  },
];
