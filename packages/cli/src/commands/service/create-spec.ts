import type {
  ContainerSpec,
  EndpointSpec,
  HealthConfig,
  ServiceMode,
  ServiceSpec,
  TaskSpec,
} from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Flags } from "../../command/flag.ts";
import { toMap } from "../../flags/csv.ts";
import { newCapabilities } from "./capabilities.ts";
import { createFlags } from "./create-flags.ts";
import { mergeRestartPolicy, mergeUpdateConfig } from "./defaults.ts";
import { collectEnv } from "./env.ts";
import { parseGenericResources } from "./generic-resources.ts";
import { toHosts } from "./hosts.ts";
import { omitEmpty } from "./omit-empty.ts";

const { service, container, resources, restart, health, update, rollback, own } = createFlags;

const mapOrNothing = (entries: readonly string[]): Record<string, string> | undefined =>
  entries.length > 0 ? toMap(entries) : undefined;

const toMode = (flags: Flags): ServiceMode => {
  const mode = flags.get(own.mode) ?? "replicated";
  const replicas = flags.get(service.replicas);
  const concurrent = flags.get(service.maxConcurrent);
  const counted = replicas === undefined ? {} : { Replicas: replicas };
  const global = mode === "global" || mode === "global-job";
  if (global && replicas !== undefined)
    throw new CommandError("replicas can only be used with replicated or replicated-job mode");
  if (global && (flags.get(service.maxReplicas) ?? 0) > 0)
    throw new CommandError(
      "replicas-max-per-node can only be used with replicated or replicated-job mode",
    );
  if (mode !== "replicated-job" && concurrent !== undefined)
    throw new CommandError("max-concurrent can only be used with replicated-job mode");
  if (mode === "global") return { Global: {} };
  if (mode === "global-job") return { GlobalJob: {} };
  if (mode === "replicated") return { Replicated: counted };
  if (mode !== "replicated-job")
    throw new CommandError(`Unknown mode: ${mode}, only replicated and global supported`);
  const most = concurrent ?? replicas;
  return {
    ReplicatedJob: {
      ...(most === undefined ? {} : { MaxConcurrent: most }),
      ...(replicas === undefined ? {} : { TotalCompletions: replicas }),
    },
  };
};

const toHealth = (flags: Flags): HealthConfig | undefined => {
  const { none, ...settings } = health;
  const cmd = flags.get(settings.cmd) ?? "";
  const given =
    cmd !== "" ||
    (flags.get(settings.retries) ?? 0) !== 0 ||
    flags.changed(
      settings.interval,
      settings.timeout,
      settings.startPeriod,
      settings.startInterval,
    );
  if (flags.on(none)) {
    if (given) throw new CommandError("--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!given) return undefined;
  return omitEmpty<HealthConfig>({
    Test: cmd === "" ? [] : ["CMD-SHELL", cmd],
    Interval: flags.get(settings.interval),
    Timeout: flags.get(settings.timeout),
    Retries: flags.get(settings.retries),
    StartPeriod: flags.get(settings.startPeriod),
    StartInterval: flags.get(settings.startInterval),
  });
};

const toContainer = (
  flags: Flags,
  [image = "", ...args]: readonly string[],
  environment: NodeJS.ProcessEnv,
): ContainerSpec => {
  const { add, drop } = newCapabilities(flags.all(container.capAdd), flags.all(container.capDrop));
  const credentials = flags.get(container.credentialSpec);
  const chosen = credentials && (credentials.Config || credentials.File || credentials.Registry);
  const isolation = flags.get(container.isolation);
  return {
    ...omitEmpty<ContainerSpec>({
      Image: image,
      Args: args,
      Command: flags.get(container.entrypoint),
      Env: collectEnv(flags.all(own.envFile), flags.all(own.env), environment),
      Hostname: flags.get(container.hostname),
      Labels: mapOrNothing(flags.all(own.containerLabel)),
      Dir: flags.get(container.workdir),
      User: flags.get(container.user),
      Groups: flags.all(own.group),
      StopSignal: flags.get(container.stopSignal),
      TTY: flags.on(container.tty),
      ReadOnly: flags.on(container.readOnly),
      Mounts: flags.all(own.mount),
      Hosts: toHosts(flags.all(own.host)),
      Healthcheck: toHealth(flags),
      Isolation: isolation as NonNullable<ContainerSpec["Isolation"]> | undefined,
      Sysctls: mapOrNothing(flags.all(own.sysctl)),
      CapabilityAdd: add,
      CapabilityDrop: drop,
      Ulimits: lastOfEach(flags.all(own.ulimit)),
      OomScoreAdj: flags.get(container.oomScoreAdj),
    }),
    // Zero is a grace period of its own.
    ...pick("StopGracePeriod", flags.get(container.stopGrace)),
    Init: flags.on(container.init),
    DNSConfig: omitEmpty({
      Nameservers: flags.all(own.dns),
      Search: flags.all(own.dnsSearch),
      Options: flags.all(own.dnsOption),
    }),
    ...(chosen
      ? {
          Privileges: {
            CredentialSpec: credentials,
            SELinuxContext: null,
            NoNewPrivileges: false,
          },
        }
      : {}),
  };
};

const pick = (name: "StopGracePeriod", value: number | undefined): { StopGracePeriod?: number } =>
  value === undefined ? {} : { [name]: value };

/** The last ulimit of each name, sorted by name. */
const lastOfEach = (ulimits: NonNullable<ContainerSpec["Ulimits"]>): typeof ulimits =>
  [...new Map(ulimits.map((ulimit) => [ulimit.Name, ulimit])).values()].toSorted((a, b) =>
    a.Name < b.Name ? -1 : 1,
  );

const toTask = (
  flags: Flags,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): TaskSpec => {
  const policy = mergeRestartPolicy(undefined, flags, restart);
  const logDriver = flags.get(service.logDriver) ?? "";
  return {
    ContainerSpec: toContainer(flags, args, environment),
    Resources: {
      Limits: omitEmpty({
        NanoCPUs: flags.get(resources.limitCpu),
        MemoryBytes: flags.get(resources.limitMemory),
        Pids: flags.get(resources.limitPids),
      }),
      Reservations: omitEmpty({
        NanoCPUs: flags.get(resources.reserveCpu),
        MemoryBytes: flags.get(resources.reserveMemory),
        GenericResources: parseGenericResources(flags.all(own.genericResource)),
      }),
    },
    ...(policy ? { RestartPolicy: policy } : {}),
    Placement: omitEmpty({
      Constraints: flags.all(own.constraint),
      Preferences: flags.all(own.preference),
      MaxReplicas: flags.get(service.maxReplicas),
    }),
    ...(flags.all(own.network).length > 0 ? { Networks: flags.all(own.network) } : {}),
    ...(logDriver === ""
      ? {}
      : { LogDriver: { Name: logDriver, Options: toMap(flags.all(service.logOpt)) } }),
    ForceUpdate: 0,
  };
};

const toEndpoint = (flags: Flags): EndpointSpec => {
  const mode = (flags.get(service.endpointMode) ?? "vip").toLowerCase();
  return omitEmpty<EndpointSpec>({
    Mode: mode as NonNullable<EndpointSpec["Mode"]>,
    Ports: flags.all(own.publish).flat(),
  });
};

/**
 * The spec that `service create` asks for. Networks, secrets and configs still carry names.
 * Throws CommandError for flags that contradict each other.
 */
export const specFromFlags = (
  flags: Flags,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): ServiceSpec => {
  const TaskTemplate = toTask(flags, args, environment);
  const Mode = toMode(flags);
  const updates = mergeUpdateConfig(undefined, flags, update);
  const rollbacks = mergeUpdateConfig(undefined, flags, rollback);
  if ((Mode.ReplicatedJob || Mode.GlobalJob) && (updates || rollbacks))
    throw new CommandError("update and rollback configuration is not supported for jobs");
  return {
    ...pickName(flags.get(own.name)),
    Labels: toMap(flags.all(own.label)),
    TaskTemplate,
    Mode,
    ...(updates ? { UpdateConfig: updates } : {}),
    ...(rollbacks ? { RollbackConfig: rollbacks } : {}),
    EndpointSpec: toEndpoint(flags),
  };
};

const pickName = (name: string | undefined): { Name?: string } =>
  name === undefined || name === "" ? {} : { Name: name };
