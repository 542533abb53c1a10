import type { Driver, Platform, StringMap } from "./common.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { ResourceRequirements } from "./resources.ts";

/** When an ended task is replaced. Durations in nanoseconds; MaxAttempts 0 is unlimited. */
export interface RestartPolicy {
  readonly Condition?: "none" | "on-failure" | "any";
  readonly Delay?: number;
  readonly MaxAttempts?: number;
  readonly Window?: number;
}

/** Spread tasks evenly over the values of a label, e.g. `node.labels.zone`. */
export interface SpreadOver {
  readonly SpreadDescriptor: string;
}

/** One level of spreading. */
export interface PlacementPreference {
  readonly Spread: SpreadOver;
}

/** Where tasks may run. */
export interface Placement {
  /** e.g. `node.labels.zone==a` */
  readonly Constraints?: readonly string[];
  readonly Preferences?: readonly PlacementPreference[];
  /** Per node; absent (0) is unlimited. */
  readonly MaxReplicas?: number;
  /** What the image runs on; empty is everything. */
  readonly Platforms?: readonly Platform[];
}

/** A network that tasks are attached to, by name or id. */
export interface NetworkAttachmentConfig {
  readonly Target?: string;
  readonly Aliases?: readonly string[];
  readonly DriverOpts?: StringMap;
}

/** A container outside the cluster's services that is attached to a cluster network. */
export interface NetworkAttachmentSpec {
  readonly ContainerID: string;
}

/** A right that a plugin asks for. */
export interface PluginPrivilege {
  readonly name?: string;
  readonly description?: string;
  readonly value?: readonly string[];
}

/** An engine plugin run as a service. Lower-case names, as in the Docker API. */
export interface PluginSpec {
  readonly name?: string;
  readonly remote?: string;
  readonly privileges?: readonly PluginPrivilege[];
  readonly disabled?: boolean;
  readonly env?: readonly string[];
}

/** What a task is made of. */
export interface TaskSpec {
  readonly ContainerSpec?: ContainerSpec;
  readonly PluginSpec?: PluginSpec;
  readonly NetworkAttachmentSpec?: NetworkAttachmentSpec;
  readonly Resources?: ResourceRequirements;
  readonly RestartPolicy?: RestartPolicy;
  readonly Placement?: Placement;
  readonly Networks?: readonly NetworkAttachmentConfig[];
  readonly LogDriver?: Driver;
  /** A counter: raising it replaces all tasks. */
  readonly ForceUpdate: number;
  readonly Runtime?: "container" | "plugin" | "attachment";
}
