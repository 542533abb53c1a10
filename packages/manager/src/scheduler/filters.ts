import type { Constraint, Node } from "@skein/model";
import { matchesConstraint } from "@skein/model";
import type { Platform } from "@skein/wire";
import { canEncrypt } from "../networks/encryption.ts";
import type { Demand } from "./demand.ts";
import type { NodeLoad } from "./node-load.ts";

/** A plugin that a task's node must have. */
export interface PluginNeed {
  readonly type: "Volume" | "Network" | "Log";
  readonly name: string;
}

/** What a task asks that a node fulfils or not whatever runs there. */
export interface Requirement {
  /** Equal requirements have equal keys. */
  readonly key: string;
  readonly plugins: readonly PluginNeed[];
  readonly constraints: readonly Constraint[];
  readonly platforms: readonly Platform[];
  /** Names of the encrypted networks that the task is on. */
  readonly encrypted: readonly string[];
}

/** Names of the filters, in the order in which they are asked. */
export type FilterName =
  | "ready"
  | "resources"
  | "plugins"
  | "constraints"
  | "platform"
  | "encryption"
  | "host-ports"
  | "max-replicas";

/** One reason for which a node can be refused (behaviour.md, 12.5). */
export interface Filter {
  readonly name: FilterName;
  /** Whether the answer depends on the node alone, not on the tasks that run there. */
  readonly fixed: boolean;
  passes(load: NodeLoad, demand: Demand, requirement: Requirement): boolean;
}

const isReady = ({ node }: NodeLoad): boolean =>
  node?.status.state === "ready" && node.spec.Availability === "active";

const fitsResources = (load: NodeLoad, demand: Demand): boolean => {
  const { nanoCpus, memoryBytes, generic } = demand;
  if (nanoCpus === 0 && memoryBytes === 0 && generic.length === 0) return true;
  const has = load.node?.description?.Resources;
  if (nanoCpus > 0 && load.nanoCpus + nanoCpus > (has?.NanoCPUs ?? 0)) return false;
  if (memoryBytes > 0 && load.memoryBytes + memoryBytes > (has?.MemoryBytes ?? 0)) return false;
  return generic.every(({ kind, amount }) => load.generic.free(kind) >= amount);
};

const hasPlugin = (node: Node | undefined, { type, name }: PluginNeed): boolean => {
  const plugins = node?.description?.Engine.Plugins;
  if (!plugins) return true;
  const same = plugins.filter((plugin) => plugin.Type === type);
  if (type === "Log" && same.length === 0) return true; // an engine too old to tell
  return same.some((plugin) => plugin.Name === name || plugin.Name === `${name}:latest`);
};

const architectures: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };
const sameArchitecture = (a: string, b: string): boolean =>
  (architectures[a] ?? a) === (architectures[b] ?? b);

const runsOn = (node: Node | undefined, { Architecture: arch, OS: os }: Platform): boolean => {
  const platform = node?.description?.Platform;
  if (!platform) return false;
  if (os && os !== platform.OS) return false;
  return !arch || sameArchitecture(arch, platform.Architecture ?? "");
};

/** All filters, in the order in which they are asked. A filter passes when the task asks nothing of it. */
export const filters: readonly Filter[] = [
  { name: "ready", fixed: true, passes: isReady },
  { name: "resources", fixed: false, passes: fitsResources },
  {
    name: "plugins",
    fixed: true,
    passes: ({ node }, _, { plugins }) => plugins.every((need) => hasPlugin(node, need)),
  },
  {
    name: "constraints",
    fixed: true,
    passes: ({ node }, _, { constraints }) =>
      node !== undefined && constraints.every((constraint) => matchesConstraint(constraint, node)),
  },
  {
    name: "platform",
    fixed: true,
    passes: ({ node }, _, { platforms }) =>
      platforms.length === 0 || platforms.some((platform) => runsOn(node, platform)),
  },
  {
    name: "encryption",
    fixed: true,
    passes: ({ node }, _, { encrypted }) =>
      encrypted.length === 0 || (node !== undefined && canEncrypt(node)),
  },
  {
    name: "host-ports",
    fixed: false,
    passes: ({ hostPorts }, demand) => demand.hostPorts.every((port) => !hostPorts.has(port)),
  },
  {
    name: "max-replicas",
    fixed: false,
    passes: (load, { maxReplicas, serviceId }) =>
      maxReplicas === 0 || load.activeOf(serviceId) < maxReplicas,
  },
];

/** Whether nothing but the tasks there could keep this task off the node. */
export const passesFixed = (load: NodeLoad, demand: Demand, requirement: Requirement): boolean =>
  filters.every((filter) => !filter.fixed || filter.passes(load, demand, requirement));

/** Whether there is room on a node that passed {@link passesFixed}. */
export const hasRoom = (load: NodeLoad, demand: Demand, requirement: Requirement): boolean =>
  filters.every((filter) => filter.fixed || filter.passes(load, demand, requirement));

/** The first filter that refuses the node; undefined when it is fit. */
export const firstRefusal = (
  load: NodeLoad,
  demand: Demand,
  requirement: Requirement,
): FilterName | undefined =>
  filters.find((filter) => !filter.passes(load, demand, requirement))?.name;
