import type { ContainerSpec, Service, StringMap, TaskSpec, UpdateConfig } from "@skein/wire";
import { formatDuration } from "../../flags/duration.ts";
import { toMilliseconds } from "../../output/go-time.ts";
import { humanDuration, humanSize } from "../../output/units.ts";

type Lines = readonly string[];

const entries = (map: StringMap | undefined): readonly (readonly [string, string])[] =>
  Object.entries(map ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** A heading with lines below it, or nothing when there are none. */
const section = (title: string, lines: Lines): Lines => (lines.length > 0 ? [title, ...lines] : []);

/** A list as Go prints it: `[a b]`. */
const goList = (list: readonly string[]): string => `[${list.join(" ")}]`;

const modeLines = ({ Mode }: Service["Spec"]): Lines => {
  if (Mode.Global) return ["Service Mode:\tGlobal"];
  if (!Mode.Replicated) return ["Service Mode:"];
  const { Replicas } = Mode.Replicated;
  const count = Replicas === undefined ? [] : [` Replicas:\t${Replicas}`];
  return ["Service Mode:\tReplicated", ...count];
};

const statusLines = ({ UpdateStatus: status }: Service, now: number): Lines => {
  if (!status?.State) return [];
  const ago = (time: string): string => `${humanDuration(now - toMilliseconds(time))} ago`;
  return [
    "UpdateStatus:",
    ` State:\t\t${status.State}`,
    ...(status.StartedAt === undefined ? [] : [` Started:\t${ago(status.StartedAt)}`]),
    ...(status.State === "completed" && status.CompletedAt !== undefined
      ? [` Completed:\t${ago(status.CompletedAt)}`]
      : []),
    ` Message:\t${status.Message ?? ""}`,
  ];
};

const placementLines = ({ Placement }: TaskSpec): Lines => {
  const { Constraints = [], Preferences = [], MaxReplicas = 0 } = Placement ?? {};
  const spreads = Preferences.map(({ Spread }) => `spread=${Spread.SpreadDescriptor}`);
  return [
    "Placement:",
    ...(Constraints.length > 0 ? [` Constraints:\t${goList(Constraints)}`] : []),
    ...(spreads.length > 0 ? [` Preferences:   ${goList(spreads)}`] : []),
    ...(MaxReplicas > 0 ? [` Max Replicas Per Node:   ${MaxReplicas}`] : []),
  ];
};

const updateLines = (title: string, order: string, config: UpdateConfig | undefined): Lines => {
  if (!config) return [];
  const { Parallelism, Delay = 0, FailureAction = "", Monitor = 0, MaxFailureRatio } = config;
  return [
    title,
    ` Parallelism:\t${Parallelism}`,
    ...(Delay > 0 ? [` Delay:\t\t${formatDuration(Delay)}`] : []),
    ` On failure:\t${FailureAction}`,
    ...(Monitor > 0 ? [` Monitoring Period: ${formatDuration(Monitor)}`] : []),
    ` Max failure ratio: ${MaxFailureRatio}`,
    `${order}${config.Order}`,
  ];
};

/** Words of a list, each with a blank after it, when there are any. */
const words = (title: string, list: readonly string[] | undefined): Lines =>
  list && list.length > 0 ? [`${title}${list.map((word) => `${word} `).join("")}`] : [];

const containerLines = (spec: ContainerSpec): Lines => [
  "ContainerSpec:",
  ` Image:\t\t${spec.Image ?? ""}`,
  ...words(" Args:\t\t", spec.Args),
  ...words(" Env:\t\t", spec.Env),
  ...(spec.Dir ? [` Dir:\t\t${spec.Dir}`] : []),
  ...(spec.Init === undefined ? [] : [` Init:\t\t${spec.Init}`]),
  ...(spec.User ? [` User: ${spec.User}`] : []),
];

const kernelLines = (spec: ContainerSpec): Lines => {
  const { CapabilityAdd: add = [], CapabilityDrop: drop = [] } = spec;
  const limits = Object.fromEntries(
    (spec.Ulimits ?? []).map(({ Name, Soft, Hard }) => [Name, `${Soft}:${Hard}`]),
  );
  return [
    ...section("Capabilities:", [
      ...(add.length > 0 ? [` Add: ${add.join(", ")}`] : []),
      ...(drop.length > 0 ? [` Drop: ${drop.join(", ")}`] : []),
    ]),
    ...section(
      "SysCtls:",
      entries(spec.Sysctls).map(([key, value]) => ` ${key}${value === "" ? "" : `: ${value}`}`),
    ),
    ...section(
      "Ulimits:",
      entries(limits).map(([name, limit]) => ` ${name}: ${limit}`),
    ),
  ];
};

const fileLines = (spec: ContainerSpec): Lines => [
  ...section(
    "Mounts:",
    (spec.Mounts ?? []).flatMap(({ Target = "", Source = "", ReadOnly = false, Type = "" }) => [
      ` Target:\t${Target}`,
      `  Source:\t${Source}`,
      `  ReadOnly:\t${ReadOnly}`,
      `  Type:\t\t${Type}`,
    ]),
  ),
  ...section(
    "Configs:",
    (spec.Configs ?? []).flatMap(({ File, ConfigName }) => [
      ` Target:\t${File?.Name ?? ""}`,
      `  Source:\t${ConfigName}`,
    ]),
  ),
  ...section(
    "Secrets:",
    (spec.Secrets ?? []).flatMap(({ File, SecretName }) => [
      ` Target:\t${File?.Name ?? ""}`,
      `  Source:\t${SecretName}`,
    ]),
  ),
];

const logLines = ({ LogDriver }: TaskSpec): Lines => {
  if (!LogDriver) return [];
  const options = entries(LogDriver.Options).map(
    ([key, value]) => `  ${key}${value === "" ? "" : `:       ${value}`}`,
  );
  return [
    "Log Driver:",
    ...(LogDriver.Name ? [` Name:\t\t${LogDriver.Name}`] : []),
    ...section(" LogOpts:", options),
    "",
  ];
};

const amounts = (title: string, cpus: number, memory: number, wanted: boolean): Lines =>
  wanted
    ? [
        title,
        ...(cpus > 0 ? [`  CPU:\t\t${cpus / 1e9}`] : []),
        ...(memory > 0 ? [`  Memory:\t${humanSize(memory)}`] : []),
      ]
    : [];

const resourceLines = ({ Resources }: TaskSpec): Lines => {
  const { NanoCPUs: cpus = 0, MemoryBytes: memory = 0 } = Resources?.Reservations ?? {};
  const limits = Resources?.Limits ?? {};
  const { NanoCPUs: most = 0, MemoryBytes: mostMemory = 0, Pids = 0 } = limits;
  return [
    ...(Resources ? ["Resources:"] : []),
    ...amounts(" Reservations:", cpus, memory, cpus > 0 || memory > 0),
    ...amounts(" Limits:", most, mostMemory, most > 0 || mostMemory > 0 || Pids > 0),
    ...(Pids > 0 ? [`  PIDs:\t\t${Pids}`] : []),
  ];
};

/** The ports, and the blank that the reference leaves behind them. */
const portLines = ({ Endpoint }: Service): string => {
  const ports = Endpoint.Ports ?? [];
  if (ports.length === 0) return "";
  const lines = ports.flatMap(
    ({ PublishedPort = 0, Protocol = "", TargetPort = 0, PublishMode = "" }) => [
      ` PublishedPort = ${PublishedPort}`,
      `  Protocol = ${Protocol}`,
      `  TargetPort = ${TargetPort}`,
      `  PublishMode = ${PublishMode}`,
    ],
  );
  return `\nPorts:\n${lines.join("\n")} `;
};

const healthLines = ({ Healthcheck: check }: ContainerSpec): string => {
  if (!check) return "";
  const { Interval = 0, Retries = 0, StartPeriod = 0, Timeout = 0, Test = [] } = check;
  const tests = Test.map((test) => `\n\t Test = ${test}`).join("");
  return [
    "\n Healthcheck:",
    `  Interval = ${formatDuration(Interval)}`,
    `  Retries = ${Retries}`,
    `  StartPeriod =\t${formatDuration(StartPeriod)}`,
    `  Timeout =\t${formatDuration(Timeout)}`,
    ...(Test.length > 0 ? [`  Tests:${tests} `] : []),
  ].join("\n");
};

/**
 * A service as `service inspect --pretty` shows it. `networks` are the names of its networks,
 * `now` is in milliseconds.
 */
export const prettyService = (
  service: Service,
  networks: readonly string[],
  now: number,
): string => {
  const { Spec } = service;
  const task = Spec.TaskTemplate;
  const container = task.ContainerSpec ?? {};
  const labels = entries(Spec.Labels).map(
    ([key, value]) => ` ${key}${value === "" ? "" : `=${value}`}`,
  );
  const lines = [
    "",
    `ID:\t\t${service.ID}`,
    `Name:\t\t${Spec.Name ?? ""}`,
    ...section("Labels:", labels),
    ...modeLines(Spec),
    ...statusLines(service, now),
    ...placementLines(task),
    ...updateLines("UpdateConfig:", " Update order:      ", Spec.UpdateConfig),
    ...updateLines("RollbackConfig:", " Rollback order:    ", Spec.RollbackConfig),
    ...containerLines(container),
    ...kernelLines(container),
    ...fileLines(container),
    ...logLines(task),
    ...resourceLines(task),
    ...(networks.length > 0 ? [`Networks:${networks.map((name) => ` ${name}`).join("")} `] : []),
    `Endpoint Mode:\t${Spec.EndpointSpec?.Mode ?? ""}`,
  ];
  return `${lines.join("\n")}${portLines(service)}${healthLines(container)}\n`;
};
