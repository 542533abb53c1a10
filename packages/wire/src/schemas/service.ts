import type { Codec } from "../schema/codec.ts";
import { list } from "../schema/collections.ts";
import { duration, float32, text, uint32, uint64 } from "../schema/scalars.ts";
import { always, omitEmpty, pointer, struct, word } from "../schema/struct.ts";
import type { EndpointSpec, PortConfig, ResolutionMode } from "../types/endpoint.ts";
import type {
  GlobalJob,
  GlobalService,
  ReplicatedJob,
  ReplicatedService,
  ServiceMode,
  ServiceSpec,
  UpdateConfig,
} from "../types/service.ts";
import { annotations } from "./common.ts";
import { networkAttachmentConfig, taskSpec } from "./task-spec.ts";

const portConfig = struct<PortConfig>("swarm.PortConfig", {
  Name: omitEmpty(text()),
  Protocol: word<"tcp" | "udp" | "sctp">("swarm.PortConfigProtocol"),
  TargetPort: omitEmpty(uint32),
  PublishedPort: omitEmpty(uint32),
  PublishMode: word<"ingress" | "host">("swarm.PortConfigPublishMode"),
});

const endpointSpec = struct<EndpointSpec>("swarm.EndpointSpec", {
  Mode: word<ResolutionMode>("swarm.ResolutionMode"),
  Ports: omitEmpty(list(portConfig)),
});

const updateConfig = struct<UpdateConfig>("swarm.UpdateConfig", {
  Parallelism: always(uint64),
  Delay: omitEmpty(duration),
  FailureAction: word<"pause" | "continue" | "rollback">(),
  Monitor: omitEmpty(duration),
  MaxFailureRatio: always(float32),
  Order: always(text<"stop-first" | "start-first">()),
});

const serviceMode = struct<ServiceMode>("swarm.ServiceMode", {
  Replicated: pointer(
    struct<ReplicatedService>("swarm.ReplicatedService", { Replicas: pointer(uint64) }),
  ),
  Global: pointer(struct<GlobalService>("swarm.GlobalService", {})),
  ReplicatedJob: pointer(
    struct<ReplicatedJob>("swarm.ReplicatedJob", {
      MaxConcurrent: pointer(uint64),
      TotalCompletions: pointer(uint64),
    }),
  ),
  GlobalJob: pointer(struct<GlobalJob>("swarm.GlobalJob", {})),
});

export const serviceSpec: Codec<ServiceSpec> = struct<ServiceSpec>("swarm.ServiceSpec", {
  ...annotations,
  TaskTemplate: always(taskSpec),
  Mode: always(serviceMode),
  UpdateConfig: pointer(updateConfig),
  RollbackConfig: pointer(updateConfig),
  Networks: omitEmpty(list(networkAttachmentConfig)),
  EndpointSpec: pointer(endpointSpec),
});
