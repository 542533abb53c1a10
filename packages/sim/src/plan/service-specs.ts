import type { Random } from "@skein/base";
import type {
  GenericResource,
  NetworkAttachmentConfig,
  Placement,
  Resources,
  RestartPolicy,
  ServiceMode,
  ServiceSpec,
  TaskSpec,
  UpdateConfig,
} from "@skein/wire";
import { between, chance, pick, weighted } from "../draw.ts";
import type { ImageKind } from "../engine/images.ts";
import { kindOf } from "../engine/images.ts";

const SECOND = 1e9;
const MEBIBYTE = 1024 ** 2;

const isJob = ({ Mode }: ServiceSpec): boolean =>
  Mode.ReplicatedJob !== undefined || Mode.GlobalJob !== undefined;

/** Whether the service's containers stay as they are when nothing fails. */
export const comesToRest = (spec: ServiceSpec): boolean => {
  const kind = kindOf(spec.TaskTemplate.ContainerSpec?.Image ?? "");
  return kind === "steady" || kind === "stubborn" || (kind === "job" && isJob(spec));
};

const drawImage = (random: Random, job: boolean): string => {
  const kind = job
    ? "job"
    : weighted<ImageKind>(random, {
        steady: 14,
        stubborn: 2,
        crashy: 2,
        flaky: 2,
        sick: 2,
        missing: 1,
        unstartable: 1,
        job: 1,
      });
  return `${kind}:${random.integer(4)}`;
};

const drawMode = (random: Random): ServiceMode => {
  const kind = weighted(random, { replicated: 12, global: 4, job: 2, globalJob: 1 });
  if (kind === "replicated") return { Replicated: { Replicas: random.integer(9) } };
  if (kind === "global") return { Global: {} };
  if (kind === "globalJob") return { GlobalJob: {} };
  const MaxConcurrent = 1 + random.integer(3);
  return { ReplicatedJob: { MaxConcurrent, TotalCompletions: MaxConcurrent + random.integer(5) } };
};

const drawUpdate = (random: Random): UpdateConfig => ({
  Parallelism: random.integer(4),
  Delay: Math.round(between(random, 0, 3)) * SECOND,
  FailureAction: pick(random, ["pause", "continue", "rollback"] as const) ?? "pause",
  Monitor: Math.round(between(random, 1, 8)) * SECOND,
  MaxFailureRatio: chance(random, 0.5) ? 0 : 0.5,
  Order: chance(random, 0.35) ? "start-first" : "stop-first",
});

const drawRestart = (random: Random): RestartPolicy => ({
  Condition: pick(random, ["any", "any", "any", "on-failure", "none"] as const) ?? "any",
  Delay: Math.round(between(random, 0, 6)) * SECOND,
  ...(chance(random, 0.2) ? { MaxAttempts: 1 + random.integer(3) } : {}),
});

const drawPlacement = (random: Random): Placement => ({
  ...(chance(random, 0.4)
    ? { Constraints: [`node.labels.zone${chance(random, 0.5) ? "==" : "!="}${random.integer(3)}`] }
    : {}),
  ...(chance(random, 0.3)
    ? { Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }] }
    : {}),
  ...(chance(random, 0.2) ? { MaxReplicas: 1 + random.integer(2) } : {}),
});

const drawNetworks = (random: Random): readonly NetworkAttachmentConfig[] =>
  chance(random, 0.3)
    ? [{ Target: "blue" }, { Target: "green" }]
    : [{ Target: chance(random, 0.5) ? "blue" : "green" }];

const drawReservation = (random: Random): Resources => {
  const gpu: GenericResource = { DiscreteResourceSpec: { Kind: "gpu", Value: 1 } };
  return {
    NanoCPUs: (1 + random.integer(10)) * 1e8,
    MemoryBytes: (16 + random.integer(1024)) * MEBIBYTE,
    ...(chance(random, 0.2) ? { GenericResources: [gpu] } : {}),
  };
};

/** What tasks are made of. `secret` is mounted in some of them. */
const drawTask = (
  random: Random,
  job: boolean,
  secret: { readonly id: string; readonly name: string } | undefined,
): TaskSpec => ({
  ContainerSpec: {
    Image: drawImage(random, job),
    StopGracePeriod: Math.round(between(random, 1, 12)) * SECOND,
    ...(secret && chance(random, 0.4)
      ? {
          Secrets: [
            {
              SecretID: secret.id,
              SecretName: secret.name,
              File: { Name: "key", UID: "0", GID: "0", Mode: 0o444 },
            },
          ],
        }
      : {}),
  },
  ForceUpdate: 0,
  ...(chance(random, 0.3) ? { Networks: drawNetworks(random) } : {}),
  ...(chance(random, 0.5) ? { RestartPolicy: drawRestart(random) } : {}),
  ...(chance(random, 0.6) ? { Placement: drawPlacement(random) } : {}),
  ...(chance(random, 0.4) ? { Resources: { Reservations: drawReservation(random) } } : {}),
});

/** A service as somebody might want it. */
export const drawService = (
  random: Random,
  name: string,
  secret: { readonly id: string; readonly name: string } | undefined,
): ServiceSpec => {
  const Mode = drawMode(random);
  const job = Mode.ReplicatedJob !== undefined || Mode.GlobalJob !== undefined;
  const published = !job && chance(random, 0.15);
  const PublishedPort = 8000 + random.integer(3);
  return {
    Name: name,
    Labels: {},
    TaskTemplate: drawTask(random, job, secret),
    Mode,
    ...(job ? {} : { UpdateConfig: drawUpdate(random), RollbackConfig: drawUpdate(random) }),
    ...(published
      ? {
          EndpointSpec: {
            Ports: [{ PublishMode: "host", Protocol: "tcp", PublishedPort, TargetPort: 80 }],
          },
        }
      : {}),
  };
};

/** The same service, changed in one respect. */
export const redrawService = (random: Random, spec: ServiceSpec): ServiceSpec => {
  const job = isJob(spec);
  const { TaskTemplate } = spec;
  const template = (change: Partial<TaskSpec>): ServiceSpec => ({
    ...spec,
    TaskTemplate: { ...TaskTemplate, ...change },
  });
  switch (
    weighted(random, { image: 5, force: 2, placement: 2, resources: 1, label: 1, update: 1 })
  ) {
    case "image":
      return template({
        ContainerSpec: { ...TaskTemplate.ContainerSpec, Image: drawImage(random, job) },
      });
    case "force":
      return template({ ForceUpdate: TaskTemplate.ForceUpdate + 1 });
    case "placement":
      return template({ Placement: drawPlacement(random) });
    case "resources":
      return template({ Resources: { Reservations: drawReservation(random) } });
    case "label":
      return { ...spec, Labels: { changed: String(random.integer(1000)) } };
    case "update":
      return job ? spec : { ...spec, UpdateConfig: drawUpdate(random) };
  }
};
