import type { Codec } from "../schema/codec.ts";
import { list } from "../schema/collections.ts";
import { int64, text } from "../schema/scalars.ts";
import { omitEmpty, pointer, struct } from "../schema/struct.ts";
import type {
  DiscreteGenericResource,
  GenericResource,
  Limit,
  NamedGenericResource,
  ResourceRequirements,
  Resources,
} from "../types/resources.ts";

const genericResource = struct<GenericResource>("swarm.GenericResource", {
  NamedResourceSpec: pointer(
    struct<NamedGenericResource>("swarm.NamedGenericResource", {
      Kind: omitEmpty(text()),
      Value: omitEmpty(text()),
    }),
  ),
  DiscreteResourceSpec: pointer(
    struct<DiscreteGenericResource>("swarm.DiscreteGenericResource", {
      Kind: omitEmpty(text()),
      Value: omitEmpty(int64),
    }),
  ),
});

const resources = struct<Resources>("swarm.Resources", {
  NanoCPUs: omitEmpty(int64),
  MemoryBytes: omitEmpty(int64),
  GenericResources: omitEmpty(list(genericResource)),
});

const limit = struct<Limit>("swarm.Limit", {
  NanoCPUs: omitEmpty(int64),
  MemoryBytes: omitEmpty(int64),
  Pids: omitEmpty(int64),
});

export const resourceRequirements: Codec<ResourceRequirements> = struct<ResourceRequirements>(
  "swarm.ResourceRequirements",
  { Limits: pointer(limit), Reservations: pointer(resources) },
);
