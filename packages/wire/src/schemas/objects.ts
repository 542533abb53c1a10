import type { Codec } from "../schema/codec.ts";
import { bytes, text } from "../schema/scalars.ts";
import { always, omitEmpty, pointer, struct } from "../schema/struct.ts";
import type { NodeAvailability, NodeRole } from "../types/common.ts";
import type { NodeSpec } from "../types/node.ts";
import type { ConfigSpec, SecretSpec } from "../types/secret.ts";
import { annotations, swarmDriver } from "./common.ts";

/** Role and availability may come out empty or as any word: they are checked after decoding. */
export const nodeSpec: Codec<NodeSpec> = struct<NodeSpec>("swarm.NodeSpec", {
  ...annotations,
  Role: always(text<NodeRole>("swarm.NodeRole") as Codec<NodeRole>),
  Availability: always(text<NodeAvailability>("swarm.NodeAvailability") as Codec<NodeAvailability>),
});

export const secretSpec: Codec<SecretSpec> = struct<SecretSpec>("swarm.SecretSpec", {
  ...annotations,
  Data: omitEmpty(bytes),
  Driver: pointer(swarmDriver),
  Templating: pointer(swarmDriver),
});

export const configSpec: Codec<ConfigSpec> = struct<ConfigSpec>("swarm.ConfigSpec", {
  ...annotations,
  Data: omitEmpty(bytes),
  Templating: pointer(swarmDriver),
});
