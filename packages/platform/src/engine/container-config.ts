import { dockerEndpointBody } from "@skein/agent";
import type { Workload } from "@skein/agent";
import type {
  ContainerSpec,
  GenericResource,
  HealthConfig,
  Mount,
  PortConfig,
  Privileges,
  StringMap,
  Ulimit,
} from "@skein/wire";
import { decodeBase64 } from "@skein/wire";
import type { HostFile } from "./mounts.ts";
import { toEngineMounts, toFileMounts } from "./mounts.ts";

/** The label by which task containers are found. */
export const TASK_LABEL = "com.docker.swarm.task.id";

/** What the container may do on its host; the part of the Docker API's HostConfig that is used. */
interface HostConfig {
  readonly NetworkMode: string;
  readonly Isolation: string;
  readonly Mounts: readonly Mount[];
  readonly PortBindings: Readonly<Record<string, readonly { readonly HostPort: string }[]>>;
  readonly ReadonlyRootfs: boolean;
  readonly Binds?: readonly string[];
  readonly NanoCpus?: number;
  readonly Memory?: number;
  readonly PidsLimit?: number;
  readonly Init?: boolean;
  readonly OomScoreAdj?: number;
  readonly SecurityOpt?: readonly string[];
  readonly GroupAdd?: readonly string[];
  readonly Sysctls?: StringMap;
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly Ulimits?: readonly Ulimit[];
  readonly ExtraHosts?: readonly string[];
  readonly Dns?: readonly string[];
  readonly DnsSearch?: readonly string[];
  readonly DnsOptions?: readonly string[];
  readonly LogConfig?: { readonly Type: string; readonly Config: StringMap };
}

/** The body of POST /containers/create, as far as it is used. */
export interface ContainerConfig {
  readonly Image: string;
  readonly Labels: StringMap;
  readonly Env: readonly string[];
  readonly Tty: boolean;
  readonly OpenStdin: boolean;
  readonly Hostname?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Healthcheck?: HealthConfig;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly HostConfig: HostConfig;
  readonly MacAddress?: string;
  readonly NetworkingConfig?: { readonly EndpointsConfig: Readonly<Record<string, unknown>> };
}

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
 * A container is made on the first of its overlay networks; the others follow before it starts. The
 * engine's own networks are asked for by name; who names none gets the engine's default bridge.
 */
const networkMode = ({ networks, overlays }: Workload): string => {
  const [first] = overlays;
  if (first) return first.network;
  const own = networks.find(({ Target = "" }) => ["host", "none", "bridge"].includes(Target));
  return own?.Target ?? "default";
};

/** Names are answered on the node's addresses in the overlay networks, then by whom the spec names. */
const nameServers = ({ overlays, container }: Workload): Pick<HostConfig, "Dns"> => {
  const gateways = overlays[0]?.gateways ?? [];
  const servers = [...gateways, ...(container.DNSConfig?.Nameservers ?? [])];
  return servers.length > 0 ? { Dns: servers } : {};
};

/** The first overlay network, with the address that managers gave. */
const endpointsOf = ({
  overlays,
}: Workload): Pick<ContainerConfig, "MacAddress" | "NetworkingConfig"> => {
  const [first] = overlays;
  if (!first) return {};
  const endpoint = dockerEndpointBody(first.endpoint);
  return {
    // Engines before API 1.44 read it here.
    MacAddress: first.endpoint.mac,
    NetworkingConfig: { EndpointsConfig: { [first.network]: endpoint } },
  };
};

const hostConfig = (workload: Workload, files: readonly HostFile[]): HostConfig => {
  const { container, resources, logDriver, ports } = workload;
  const { NanoCPUs, MemoryBytes, Pids } = resources?.Limits ?? {};
  const { Mounts, Binds } = toEngineMounts(container.Mounts ?? []);
  const { DNSConfig, Init, Isolation, OomScoreAdj } = container;
  const security = securityOptions(container.Privileges);
  return {
    NetworkMode: networkMode(workload),
    Isolation: Isolation ?? "default",
    Mounts: [...Mounts, ...toFileMounts(files)],
    PortBindings: portBindings(ports),
    ReadonlyRootfs: container.ReadOnly ?? false,
    ...(Binds.length > 0 ? { Binds: Binds } : {}),
    ...(NanoCPUs === undefined ? {} : { NanoCpus: NanoCPUs }),
    ...(MemoryBytes === undefined ? {} : { Memory: MemoryBytes }),
    ...(Pids === undefined ? {} : { PidsLimit: Pids }),
    ...(Init === undefined ? {} : { Init }),
    ...(OomScoreAdj === undefined ? {} : { OomScoreAdj }),
    ...(security.length > 0 ? { SecurityOpt: security } : {}),
    ...(container.Groups ? { GroupAdd: container.Groups } : {}),
    ...(container.Sysctls ? { Sysctls: container.Sysctls } : {}),
    ...(container.CapabilityAdd ? { CapAdd: container.CapabilityAdd } : {}),
    ...(container.CapabilityDrop ? { CapDrop: container.CapabilityDrop } : {}),
    ...(container.Ulimits ? { Ulimits: container.Ulimits } : {}),
    ...(container.Hosts ? { ExtraHosts: extraHosts(container.Hosts) } : {}),
    ...nameServers(workload),
    ...(DNSConfig?.Search ? { DnsSearch: DNSConfig.Search } : {}),
    ...(DNSConfig?.Options ? { DnsOptions: DNSConfig.Options } : {}),
    ...(logDriver
      ? { LogConfig: { Type: logDriver.Name ?? "", Config: { ...logDriver.Options } } }
      : {}),
  };
};

const commandOf = ({
  Command = [],
  Args = [],
}: ContainerSpec): Pick<ContainerConfig, "Entrypoint" | "Cmd"> => ({
  ...(Command.length > 0 ? { Entrypoint: Command } : {}),
  ...(Args.length > 0 ? { Cmd: Args } : {}),
});

/** Engines count whole seconds. A shorter grace period is better a little long than none. */
export const graceSeconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

/**
 * What a task's container is made of, with Swarm's labels. Throws (kind
 * `invalid-parameter`) when a mount makes no sense.
 */
export const toContainerConfig = (
  workload: Workload,
  files: readonly HostFile[],
): ContainerConfig => {
  const { container, ports } = workload;
  const { StopGracePeriod: grace, Hostname, User, Dir, StopSignal } = container;
  return {
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
    ...(container.Healthcheck ? { Healthcheck: container.Healthcheck } : {}),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    HostConfig: hostConfig(workload, files),
    ...endpointsOf(workload),
  };
};
