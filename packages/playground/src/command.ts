import { Command, InvalidArgumentError, Option } from "commander";
import type { Context, PlaygroundDependencies } from "./context.ts";
import { contextOf } from "./context.ts";
import { bringUp, takeDown } from "./lifecycle.ts";
import { loadImage } from "./load-image.ts";
import { addNodeCommands } from "./node-commands.ts";
import type { DaemonKind, EngineKind, PlaygroundPlan } from "./plan.ts";
import { DEFAULT_NAME, hostNamed, nameFlag } from "./plan.ts";
import { requirePrograms } from "./requirements.ts";
import { searchPath } from "./run.ts";
import { playgroundNames, requirePlan } from "./state.ts";
import { formatTable, statusOf, statusTable } from "./status.ts";

/** The option that picks a playground. */
const nameOption = (): Option =>
  new Option("--name <name>", "name of the playground").default(DEFAULT_NAME);

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
};

const collect = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  value,
];

interface UpFlags {
  readonly name: string;
  readonly managers: number;
  readonly workers: number;
  readonly engine: readonly string[];
  readonly subnet?: string;
  readonly daemon: DaemonKind;
  readonly join: boolean;
  readonly engineLabel: readonly string[];
}

const enginesIn = (choices: readonly string[]): readonly EngineKind[] => {
  const kinds = choices.map((choice) => choice.split("=").at(-1));
  const everywhere = choices.some((choice) => !choice.includes("="));
  return (["docker", "podman"] as const).filter(
    (kind) => kinds.includes(kind) || (kind === "docker" && !everywhere),
  );
};

/** What a playground with these flags is made of. */
const partsOf = ({ engine, daemon }: UpFlags): readonly (EngineKind | "skein")[] =>
  daemon === "skein" ? [...enginesIn(engine), "skein"] : enginesIn(engine);

const howToGoOn = (plan: PlaygroundPlan): string => {
  const [first] = plan.hosts;
  const name = nameFlag(plan.name);
  return [
    "",
    `export DOCKER_HOST=unix://${first?.socket ?? ""}`,
    plan.join ? "docker node ls" : "docker info",
    `skein playground status${name}`,
    `skein playground down${name}`,
    "",
  ].join("\n");
};

const up = async (flags: UpFlags, context: Context): Promise<void> => {
  requirePrograms(partsOf(flags), searchPath(context.env["PATH"]));
  const { engine: engines, engineLabel: engineLabels, ...rest } = flags;
  const plan = await bringUp({ ...rest, engines, engineLabels }, context);
  context.print(howToGoOn(plan));
};

const addUp = (parent: Command, context: () => Context): void => {
  parent
    .command("up")
    .description("Make a cluster of several hosts on this machine, or repair the one there is")
    .addOption(nameOption())
    .option("--managers <number>", "hosts that are managers", wholeNumber, 1)
    .option("--workers <number>", "hosts that are workers", wholeNumber, 2)
    .option(
      "--engine <engine>",
      "container engine: docker or podman, or NODE=podman for one host (repeatable)",
      collect,
      [] as readonly string[],
    )
    .option("--subnet <cidr>", "addresses of the hosts (default: a free 10.210.N.0/24)")
    .addOption(
      new Option(
        "--daemon <daemon>",
        "who runs the cluster: skein, or none for Docker's own swarm mode",
      )
        .choices(["skein", "none"])
        .default("skein"),
    )
    .option("--no-join", "leave the hosts separate, in no cluster")
    .option(
      "--engine-label <key=value>",
      "label of every engine (repeatable)",
      collect,
      [] as readonly string[],
    )
    .action((flags: UpFlags) => up(flags, context()));
};

const addDown = (parent: Command, context: () => Context): void => {
  parent
    .command("down")
    .description("Remove a playground: processes, networks, files")
    .addOption(nameOption())
    .action(async ({ name }: { readonly name: string }) => {
      const { stateRoot, tell } = context();
      const found = await takeDown(name, stateRoot);
      tell(found ? `playground "${name}" is gone` : `no playground "${name}" here`);
    });
};

const addLookers = (parent: Command, context: () => Context): void => {
  parent
    .command("status")
    .description("Show the hosts of a playground")
    .addOption(nameOption())
    .addOption(
      new Option("--format <format>", "output format").choices(["table", "json"]).default("table"),
    )
    .action(async ({ name, format }: { readonly name: string; readonly format: string }) => {
      const { stateRoot, print } = context();
      const plan = requirePlan(stateRoot, name);
      print(
        format === "json"
          ? `${JSON.stringify(plan.hosts.map(statusOf), null, 2)}\n`
          : await statusTable(plan),
      );
    });
  parent
    .command("list")
    .alias("ls")
    .description("List the playgrounds of this machine")
    .action(() => {
      const { stateRoot, print } = context();
      const rows = playgroundNames(stateRoot).map((name) => {
        const plan = requirePlan(stateRoot, name);
        return [name, `${plan.hosts.length}`, plan.subnet, plan.dir];
      });
      print(formatTable([["NAME", "HOSTS", "SUBNET", "DIRECTORY"], ...rows]));
    });
};

const addLoad = (parent: Command, context: () => Context): void => {
  parent
    .command("load")
    .description("Load an image archive (docker save) on the hosts; no registry is needed")
    .argument("<image-tar>", "file to load")
    .addOption(nameOption())
    .option("--node <node>", "only on this host (repeatable)", collect, [] as readonly string[])
    .action(
      async (file: string, { name, node }: { readonly name: string; readonly node: string[] }) => {
        const { stateRoot, tell } = context();
        const plan = requirePlan(stateRoot, name);
        const hosts = node.length === 0 ? plan.hosts : node.map((each) => hostNamed(plan, each));
        await Promise.all(
          hosts.map(async (host) => {
            const said = await loadImage(host, file);
            tell(`${host.name}: ${said.replaceAll("\n", ", ")}`);
          }),
        );
      },
    );
};

/**
 * The command `playground` with all its subcommands. Their actions reject with an
 * `OperationError` whose message is for the user; `exec` sets the exit code of what it ran.
 */
export const playgroundCommand = (dependencies: PlaygroundDependencies): Command => {
  const command = new Command("playground").description(
    "Several hosts on this machine, each with an engine of its own, as one cluster",
  );
  const context = (): Context => contextOf(dependencies);
  addUp(command, context);
  addDown(command, context);
  addLookers(command, context);
  addLoad(command, context);
  addNodeCommands(command, context, nameOption);
  return command;
};
