import { createReadStream } from "node:fs";
import { OperationError } from "@skein/base";
import type { Command, Option } from "commander";
import type { Context } from "./context.ts";
import type { Part } from "./faults.ts";
import { freezePart, killPart, stopPart, thawPart } from "./faults.ts";
import { enterHost } from "./host.ts";
import { restartPart, startAll } from "./lifecycle.ts";
import { cutHost, healHost, netnsExists } from "./network.ts";
import { pathsOf } from "./paths.ts";
import type { HostPlan, PlaygroundPlan } from "./plan.ts";
import { hostNamed } from "./plan.ts";
import { runAttached, searchPath } from "./run.ts";
import { requirePlan } from "./state.ts";

interface PartFlags {
  readonly name: string;
  readonly daemon?: boolean;
  readonly engine?: boolean;
  readonly host?: boolean;
}

/** One host of a playground, as a command line names it. */
interface Target {
  readonly plan: PlaygroundPlan;
  readonly host: HostPlan;
  readonly context: Context;
}

type Act = (target: Target, part: Part) => Promise<void> | void;

const partOf = (flags: PartFlags, plan: PlaygroundPlan): Part => {
  const chosen = (["daemon", "engine", "host"] as const).filter((part) => flags[part] === true);
  if (chosen.length > 1)
    throw new OperationError("invalid-parameter", "choose one of --daemon, --engine and --host");
  const [part = "host"] = chosen;
  if (part === "daemon" && plan.daemon === "none")
    throw new OperationError(
      "invalid-parameter",
      "this playground runs no Skein daemons (--daemon none): use --engine",
    );
  return part;
};

/** Faults and their ends: what each is called, what it does, and its word when done. */
const FAULTS: readonly (readonly [verb: string, description: string, done: string, act: Act])[] = [
  [
    "kill",
    "Kill without warning: the whole host (as if the power failed), its daemon or its engine",
    "killed",
    ({ plan, host }, part) => killPart(plan, host, part),
  ],
  [
    "freeze",
    "Stop in its tracks: it stays, but does nothing until thawed",
    "frozen",
    ({ host }, part) => {
      freezePart(host, part);
    },
  ],
  [
    "thaw",
    "Let what was frozen go on",
    "thawed",
    ({ host }, part) => {
      thawPart(host, part);
    },
  ],
  [
    "restart",
    "Restart, or bring back what was killed",
    "running again",
    ({ plan, host, context }, part) => restartPart(plan, host, part, context),
  ],
];

const requireNetwork = (host: HostPlan): void => {
  if (!netnsExists(host.netns))
    throw new OperationError("failed-precondition", `host ${host.name} is down: it has no network`);
};

const addFaults = (parent: Command, context: () => Context, nameOption: () => Option): void => {
  for (const [verb, description, done, act] of FAULTS)
    parent
      .command(verb)
      .description(description)
      .argument("<node>", "host, as status names it")
      .addOption(nameOption())
      .option("--daemon", "only the Skein daemon")
      .option("--engine", "only the container engine")
      .option("--host", "the whole host (the default)")
      .action(async (node: string, flags: PartFlags) => {
        const here = context();
        const plan = requirePlan(here.stateRoot, flags.name);
        const host = hostNamed(plan, node);
        const part = partOf(flags, plan);
        await act({ plan, host, context: here }, part);
        here.tell(part === "host" ? `${host.name}: ${done}` : `${host.name}: ${part} ${done}`);
      });
};

const addCables = (parent: Command, context: () => Context, nameOption: () => Option): void => {
  const cables = [
    ["cut", "Cut the host's network: its packets vanish without an error", "cut off", cutHost],
    ["heal", "Connect the host's network again", "connected", healHost],
  ] as const;
  for (const [verb, description, done, act] of cables)
    parent
      .command(verb)
      .description(description)
      .argument("<node>", "host, as status names it")
      .addOption(nameOption())
      .action(async (node: string, { name }: { readonly name: string }) => {
        const { stateRoot, tell } = context();
        const plan = requirePlan(stateRoot, name);
        const host = hostNamed(plan, node);
        requireNetwork(host);
        await act(plan, host);
        tell(`${host.name}: ${done}`);
      });
};

/** `start` and `stop`: the daemon and the engine, as an administrator would do it. */
const addServices = (parent: Command, context: () => Context, nameOption: () => Option): void => {
  parent
    .command("stop")
    .description("Stop the host's daemon, then its engine, in good order")
    .argument("<node>", "host, as status names it")
    .addOption(nameOption())
    .action(async (node: string, { name }: { readonly name: string }) => {
      const { stateRoot, tell } = context();
      const host = hostNamed(requirePlan(stateRoot, name), node);
      await stopPart(host, "daemon");
      await stopPart(host, "engine");
      tell(`${host.name}: stopped`);
    });
  parent
    .command("start")
    .description("Start what of the host is not running")
    .argument("<node>", "host, as status names it")
    .addOption(nameOption())
    .action(async (node: string, { name }: { readonly name: string }) => {
      const here = context();
      const plan = requirePlan(here.stateRoot, name);
      const host = hostNamed(plan, node);
      await startAll(plan, host, here);
      here.tell(`${host.name}: running`);
    });
};

/** Runs in the host with this terminal, in the same directory. */
const IN_DIRECTORY = `cd "$1" 2>/dev/null || cd /; shift; exec "$@"`;

const addExec = (parent: Command, context: () => Context, nameOption: () => Option): void => {
  parent
    .command("exec")
    .description("Run a command on a host, with DOCKER_HOST set to its Docker API")
    .argument("<node>", "host, as status names it")
    .argument("<command...>", "command and its arguments, after --")
    .addOption(nameOption())
    .action(async (node: string, command: string[], { name }: { readonly name: string }) => {
      const { stateRoot, env, setExitCode } = context();
      const host = hostNamed(requirePlan(stateRoot, name), node);
      const inner = ["sh", "-c", IN_DIRECTORY, "exec", process.cwd(), ...command];
      setExitCode(
        await runAttached("nsenter", [...enterHost(host), "--", ...inner], {
          ...env,
          PATH: searchPath(env["PATH"]),
          DOCKER_HOST: `unix://${host.socket}`,
        }),
      );
    });
};

const addLogs = (parent: Command, context: () => Context, nameOption: () => Option): void => {
  parent
    .command("logs")
    .description("Print what the host's daemon (or engine, or the host itself) has logged")
    .argument("<node>", "host, as status names it")
    .addOption(nameOption())
    .option("--daemon", "log of the Skein daemon")
    .option("--engine", "log of the container engine")
    .option("--host", "log of the host")
    .action(async (node: string, flags: PartFlags) => {
      const { stateRoot, print } = context();
      const plan = requirePlan(stateRoot, flags.name);
      const paths = pathsOf(hostNamed(plan, node));
      const anyPart = flags.engine === true || flags.host === true || flags.daemon === true;
      const usual = plan.daemon === "none" ? "engine" : "daemon";
      const part = anyPart ? partOf(flags, plan) : usual;
      const logs = { daemon: paths.daemonLog, engine: paths.engineLog, host: paths.hostLog };
      for await (const chunk of createReadStream(logs[part], "utf8")) print(String(chunk));
    });
};

/** Adds the subcommands that are about one host. */
export const addNodeCommands = (
  parent: Command,
  context: () => Context,
  nameOption: () => Option,
): void => {
  addExec(parent, context, nameOption);
  addFaults(parent, context, nameOption);
  addCables(parent, context, nameOption);
  addServices(parent, context, nameOption);
  addLogs(parent, context, nameOption);
};
