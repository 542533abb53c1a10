import type { Codec } from "../schema/codec.ts";
import { list, pointerList, stringMap } from "../schema/collections.ts";
import { bool, duration, text, uint64 } from "../schema/scalars.ts";
import { always, omitEmpty, pointer, struct, word } from "../schema/struct.ts";
import type {
  NetworkAttachmentConfig,
  NetworkAttachmentSpec,
  Placement,
  PlacementPreference,
  PluginPrivilege,
  PluginSpec,
  RestartPolicy,
  SpreadOver,
  TaskSpec,
} from "../types/task-spec.ts";
import { platform, swarmDriver } from "./common.ts";
import { containerSpec } from "./container-spec.ts";
import { resourceRequirements } from "./resources.ts";

const restartPolicy = struct<RestartPolicy>("swarm.RestartPolicy", {
  Condition: word<"none" | "on-failure" | "any">("swarm.RestartPolicyCondition"),
  Delay: pointer(duration),
  MaxAttempts: pointer(uint64),
  Window: pointer(duration),
});

/** Preferences of a kind that is not known (no `Spread`) mean nothing and are dropped. */
const preferences: Codec<readonly PlacementPreference[]> = (() => {
  const preference = struct<{ readonly Spread?: SpreadOver }>("swarm.PlacementPreference", {
    Spread: pointer(struct<SpreadOver>("swarm.SpreadOver", { SpreadDescriptor: always(text()) })),
  });
  const all = list(preference);
  return {
    goType: all.goType,
    zero: [],
    isEmpty: (value) => value.length === 0,
    decode: (node, context) =>
      all.decode(node, context).flatMap(({ Spread }) => (Spread === undefined ? [] : [{ Spread }])),
  };
})();

const placement = struct<Placement>("swarm.Placement", {
  Constraints: omitEmpty(list(text())),
  Preferences: omitEmpty(preferences),
  MaxReplicas: omitEmpty(uint64),
  Platforms: omitEmpty(list(platform)),
});

export const networkAttachmentConfig: Codec<NetworkAttachmentConfig> =
  struct<NetworkAttachmentConfig>("swarm.NetworkAttachmentConfig", {
    Target: omitEmpty(text()),
    Aliases: omitEmpty(list(text())),
    DriverOpts: omitEmpty(stringMap),
  });

const pluginSpec = struct<PluginSpec>("runtime.PluginSpec", {
  name: omitEmpty(text()),
  remote: omitEmpty(text()),
  privileges: omitEmpty(
    pointerList(
      struct<PluginPrivilege>("runtime.PluginPrivilege", {
        name: omitEmpty(text()),
        description: omitEmpty(text()),
        value: omitEmpty(list(text())),
      }),
    ),
  ),
  disabled: omitEmpty(bool),
  env: omitEmpty(list(text())),
});

export const taskSpec: Codec<TaskSpec> = struct<TaskSpec>("swarm.TaskSpec", {
  ContainerSpec: pointer(containerSpec),
  PluginSpec: pointer(pluginSpec),
  NetworkAttachmentSpec: pointer(
    struct<NetworkAttachmentSpec>("swarm.NetworkAttachmentSpec", { ContainerID: always(text()) }),
  ),
  Resources: pointer(resourceRequirements),
  RestartPolicy: pointer(restartPolicy),
  Placement: pointer(placement),
  Networks: omitEmpty(list(networkAttachmentConfig)),
  LogDriver: pointer(swarmDriver),
  ForceUpdate: always(uint64),
  Runtime: word<"container" | "plugin" | "attachment">("swarm.RuntimeType"),
});
