import { containerSpec, driver } from "./container.ts";
import { bool, duration, list, map, number, pointer, struct, text, time } from "./shape.ts";
import type { Shape } from "./shape.ts";

const version = struct("swarm.Version", { Index: number });

/** `swarm.Meta` and the id, which every object embeds. */
const meta: Readonly<Record<string, Shape>> = {
  ID: text,
  Version: version,
  CreatedAt: time,
  UpdatedAt: time,
};

/** `swarm.Annotations`, which every spec embeds. */
const annotations: Readonly<Record<string, Shape>> = { Name: text, Labels: map };

const platform = struct("swarm.Platform", { Architecture: text, OS: text });

/** `swarm.GenericResource`. */
const genericResource: Shape = struct("swarm.GenericResource", {
  NamedResourceSpec: pointer(struct("swarm.NamedGenericResource", { Kind: text, Value: text })),
  DiscreteResourceSpec: pointer(
    struct("swarm.DiscreteGenericResource", { Kind: text, Value: number }),
  ),
});

const reservations = struct("swarm.Resources", {
  NanoCPUs: number,
  MemoryBytes: number,
  GenericResources: list(genericResource),
});

const resources = struct("swarm.ResourceRequirements", {
  Limits: pointer(struct("swarm.Limit", { NanoCPUs: number, MemoryBytes: number, Pids: number })),
  Reservations: pointer(reservations),
});

const restartPolicy = struct("swarm.RestartPolicy", {
  Condition: text,
  Delay: pointer(duration),
  MaxAttempts: pointer(number),
  Window: pointer(duration),
});

const preference = struct("swarm.PlacementPreference", {
  Spread: pointer(struct("swarm.SpreadOver", { SpreadDescriptor: text })),
});

const placement = struct("swarm.Placement", {
  Constraints: list(text),
  Preferences: list(preference),
  MaxReplicas: number,
  Platforms: list(platform),
});

const network = struct("swarm.NetworkAttachmentConfig", {
  Target: text,
  Aliases: list(text),
  DriverOpts: map,
});

const taskSpec = struct("swarm.TaskSpec", {
  ContainerSpec: pointer(containerSpec),
  Resources: pointer(resources),
  RestartPolicy: pointer(restartPolicy),
  Placement: pointer(placement),
  Networks: list(network),
  LogDriver: pointer(driver),
  ForceUpdate: number,
  Runtime: text,
});

const replicatedJob = struct("swarm.ReplicatedJob", {
  MaxConcurrent: pointer(number),
  TotalCompletions: pointer(number),
});

const mode = struct("swarm.ServiceMode", {
  Replicated: pointer(struct("swarm.ReplicatedService", { Replicas: pointer(number) })),
  Global: pointer(struct("swarm.GlobalService", {})),
  ReplicatedJob: pointer(replicatedJob),
  GlobalJob: pointer(struct("swarm.GlobalJob", {})),
});

const updateConfig = struct("swarm.UpdateConfig", {
  Parallelism: number,
  Delay: duration,
  FailureAction: text,
  Monitor: duration,
  MaxFailureRatio: number,
  Order: text,
});

const port = struct("swarm.PortConfig", {
  Name: text,
  Protocol: text,
  TargetPort: number,
  PublishedPort: number,
  PublishMode: text,
});

const endpointSpec = struct("swarm.EndpointSpec", { Mode: text, Ports: list(port) });

const spec = struct(
  "swarm.ServiceSpec",
  {
    TaskTemplate: taskSpec,
    Mode: mode,
    UpdateConfig: pointer(updateConfig),
    RollbackConfig: pointer(updateConfig),
    Networks: list(network),
    EndpointSpec: pointer(endpointSpec),
  },
  annotations,
);

const endpoint = struct("swarm.Endpoint", {
  Spec: endpointSpec,
  Ports: list(port),
  VirtualIPs: list(struct("swarm.EndpointVirtualIP", { NetworkID: text, Addr: text })),
});

const updateStatus = struct("swarm.UpdateStatus", {
  State: text,
  StartedAt: pointer(time),
  CompletedAt: pointer(time),
  Message: text,
});

const counts = struct("swarm.ServiceStatus", {
  RunningTasks: number,
  DesiredTasks: number,
  CompletedTasks: number,
});

/** `swarm.Service`, as templates of `service inspect` see it. */
export const serviceShape: Shape = struct(
  "swarm.Service",
  {
    Spec: spec,
    PreviousSpec: pointer(spec),
    Endpoint: endpoint,
    UpdateStatus: pointer(updateStatus),
    ServiceStatus: pointer(counts),
    JobStatus: pointer(struct("swarm.JobStatus", { JobIteration: version, LastExecution: time })),
  },
  meta,
);

const plugin = struct("swarm.PluginDescription", { Type: text, Name: text });

/** `swarm.TLSInfo`. */
const tlsInfo = struct("swarm.TLSInfo", {
  TrustRoot: text,
  CertIssuerSubject: text,
  CertIssuerPublicKey: text,
});

const description = struct("swarm.NodeDescription", {
  Hostname: text,
  Platform: platform,
  Resources: reservations,
  Engine: struct("swarm.EngineDescription", {
    EngineVersion: text,
    Labels: map,
    Plugins: list(plugin),
  }),
  TLSInfo: tlsInfo,
});

/** `swarm.Node`, as templates of `node inspect` see it. */
export const nodeShape: Shape = struct(
  "swarm.Node",
  {
    Spec: struct("swarm.NodeSpec", { Role: text, Availability: text }, annotations),
    Description: description,
    Status: struct("swarm.NodeStatus", { State: text, Message: text, Addr: text }),
    ManagerStatus: pointer(
      struct("swarm.ManagerStatus", { Leader: bool, Reachability: text, Addr: text }),
    ),
  },
  meta,
);
