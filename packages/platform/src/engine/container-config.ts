import type { Workload } from "@skein/agent";
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import type {
  ContainerSpec,
  GenericResource,
  NetworkAttachmentConfig,
  PortConfig,
  Privileges,
} from "@skein/wire";
import { decodeBase64 } from "@skein/wire";
import type { HostFile } from "./mounts.ts";
import { toEngineMounts, toFileMounts } from "./mounts.ts";

/** The label by which task containers are found. */
export const TASK_LABEL = "com.docker.swarm.task.id";

const labelsOf = (workload: Workload): Record<string, string> => ({
  ...workload.container.Labels,
  "com.docker.swarm.node.id": workload.nodeId,
  "com.docker.swarm.service.id": workload.serviceId,
  "com.docker.swarm.service.name": workload.serviceName,
  "com.docker.swarm.task": "",
  [TASK_LABEL]: workload.taskId,
  "com.docker.swarm.task.name": workload.taskName,
});

/** `DOCKER_RESOURCE_GPU=UUID1,UUID2` for named, `DOCKER_RESOURCE_SSD=3` for counted resources. */
const resourceEnv = (resources: readonly GenericResource[]): readonly string[] => {
  const values = new Map<string, string[]>();
  for (const { NamedResourceSpec, DiscreteResourceSpec } of resources) {
    const { Kind, Value } = NamedResourceSpec ?? DiscreteResourceSpec ?? {};
    if (Kind === undefined || Value === undefined) continue;
    values.set(Kind, [...(values.get(Kind) ?? []), String(Value)]);
  }
  return [...values].map(([kind, all]) => `DOCKER_RESOURCE_${kind.toUpperCase()}=${all.join(",")}`);
};

/** Lines of a hosts file (`address name alias...`) become `name:address`. */
const extraHosts = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => {
    const [address = "", ...names] = line.trim().split(/\s+/u);
    return names.map((name) => `${name}:${address}`);
  });

const securityOptions = (privileges: Privileges | undefined): string[] => {
  const { SELinuxContext, Seccomp, AppArmor, CredentialSpec, NoNewPrivileges } = privileges ?? {};
  const selinux = SELinuxContext
    ? ([
        ["disable", SELinuxContext.Disable ? "disable" : ""],
        ["user", SELinuxContext.User],
        ["role", SELinuxContext.Role],
        ["type", SELinuxContext.Type],
        ["level", SELinuxContext.Level],
      ] as const)
    : [];
  const custom = Seccomp?.Mode === "custom" ? decodeBase64(Seccomp.Profile ?? "") : undefined;
  return [
    ...selinux.flatMap(([name, value]) => {
      if (value === "") return [];
      return [name === "disable" ? "label=disable" : `label=${name}:${value}`];
    }),
    ...(Seccomp?.Mode === "unconfined" ? ["seccomp=unconfined"] : []),
    ...(custom ? [`seccomp=${new TextDecoder().decode(custom)}`] : []),
    ...(AppArmor?.Mode === "disabled" ? ["apparmor=unconfined"] : []),
    ...(CredentialSpec?.File ? [`credentialspec=file://${CredentialSpec.File}`] : []),
    ...(CredentialSpec?.Registry ? [`credentialspec=registry://${CredentialSpec.Registry}`] : []),
    ...(NoNewPrivileges === true ? ["no-new-privileges=true"] : []),
  ];
};

const portKey = ({ TargetPort = 0, Protocol = "tcp" }: PortConfig): string =>
  `${TargetPort}/${Protocol}`;

const portBindings = (ports: readonly PortConfig[]): Record<string, { HostPort: string }[]> => {
  const bindings: Record<string, { HostPort: string }[]> = {};
  for (const port of ports) {
    const HostPort = port.PublishedPort === undefined ? "" : String(port.PublishedPort);
    (bindings[portKey(port)] ??= []).push({ HostPort });
  }
  return bindings;
};

/**
 * The engine's own networks are asked for by name. Cluster networks are the data plane's business; a
 * container without one of its own gets the engine's default bridge.
 */
const networkMode = (networks: readonly NetworkAttachmentConfig[]): string => {
  const own = networks.find(({ Target = "" }) => ["host", "none", "bridge"].includes(Target));
  return own?.Target ?? "default";
};

const hostConfig = (workload: Workload, files: readonly HostFile[]): HostConfig => {
  const { container, resources, logDriver, ports, networks } = workload;
  const { NanoCPUs, MemoryBytes, Pids } = resources?.Limits ?? {};
  const { Mounts, Binds } = toEngineMounts(container.Mounts ?? []);
  const { DNSConfig, Init, Isolation, OomScoreAdj } = container;
  const security = securityOptions(container.Privileges);
  return {
    NetworkMode: networkMode(networks),
    Isolation: Isolation ?? "default",
    // The API's own types are stricter than the engine's, hence the copies.
    Mounts: [...Mounts, ...toFileMounts(files)] as NonNullable<HostConfig["Mounts"]>,
    PortBindings: portBindings(ports),
    ReadonlyRootfs: container.ReadOnly ?? false,
    ...(Binds.length > 0 ? { Binds: [...Binds] } : {}),
    ...(NanoCPUs === undefined ? {} : { NanoCpus: NanoCPUs }),
    ...(MemoryBytes === undefined ? {} : { Memory: MemoryBytes }),
    ...(Pids === undefined ? {} : { PidsLimit: Pids }),
    ...(Init === undefined ? {} : { Init }),
    ...(OomScoreAdj === undefined ? {} : { OomScoreAdj }),
    ...(security.length > 0 ? { SecurityOpt: security } : {}),
    ...(container.Groups ? { GroupAdd: [...container.Groups] } : {}),
    ...(container.Sysctls ? { Sysctls: container.Sysctls } : {}),
    ...(container.CapabilityAdd ? { CapAdd: [...container.CapabilityAdd] } : {}),
    ...(container.CapabilityDrop ? { CapDrop: [...container.CapabilityDrop] } : {}),
    ...(container.Ulimits ? { Ulimits: container.Ulimits.map((limit) => ({ ...limit })) } : {}),
    ...(container.Hosts ? { ExtraHosts: extraHosts(container.Hosts) } : {}),
    ...(DNSConfig?.Nameservers ? { Dns: [...DNSConfig.Nameservers] } : {}),
    ...(DNSConfig?.Search ? { DnsSearch: [...DNSConfig.Search] } : {}),
    ...(DNSConfig?.Options ? { DnsOptions: [...DNSConfig.Options] } : {}),
    ...(logDriver
      ? { LogConfig: { Type: logDriver.Name ?? "", Config: { ...logDriver.Options } } }
      : {}),
  };
};

const commandOf = ({ Command = [], Args = [] }: ContainerSpec): ContainerCreateOptions => ({
  ...(Command.length > 0 ? { Entrypoint: [...Command] } : {}),
  ...(Args.length > 0 ? { Cmd: [...Args] } : {}),
});

const healthOf = ({ Healthcheck }: ContainerSpec): ContainerCreateOptions => {
  if (!Healthcheck) return {};
  const { Test, ...times } = Healthcheck;
  return { Healthcheck: { ...times, ...(Test ? { Test: [...Test] } : {}) } };
};

/** Engines count whole seconds. A shorter grace period is better a little long than none. */
export const graceSeconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

/**
 * The body of POST /containers/create for a task, with Swarm's name and labels. Throws (kind
 * `invalid-parameter`) when a mount makes no sense.
 */
export const toContainerConfig = (
  workload: Workload,
  files: readonly HostFile[],
): ContainerCreateOptions => {
  const { container, ports } = workload;
  const { StopGracePeriod: grace, Hostname, User, Dir, StopSignal } = container;
  return {
    name: workload.taskName,
    Image: container.Image ?? "",
    Labels: labelsOf(workload),
    Env: [...(container.Env ?? []), ...resourceEnv(workload.genericResources)],
    Tty: container.TTY ?? false,
    OpenStdin: container.OpenStdin ?? false,
    ...(Hostname ? { Hostname } : {}),
    ...(User ? { User } : {}),
    ...(Dir ? { WorkingDir: Dir } : {}),
    ...(StopSignal ? { StopSignal } : {}),
    ...(grace === undefined ? {} : { StopTimeout: graceSeconds(grace / 1e6) }),
    ...commandOf(container),
    ...healthOf(container),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    HostConfig: hostConfig(workload, files),
  };
};
