import type {
  Annotations,
  NodeAvailability,
  NodeRole,
  ObjectMeta,
  Platform,
  StringMap,
} from "./common.ts";
import type { Resources } from "./resources.ts";
import type { TLSInfo } from "./swarm.ts";

/** What people want of a node: body of POST /nodes/{id}/update. */
export interface NodeSpec extends Annotations {
  readonly Role: NodeRole;
  readonly Availability: NodeAvailability;
}

/** A plugin of the engine: Type `Volume`, `Network`, `Log`, `Authorization` ... */
export interface PluginDescription {
  readonly Type?: string;
  readonly Name?: string;
}

/** The container engine of a node. */
export interface EngineDescription {
  readonly EngineVersion?: string;
  readonly Labels?: StringMap;
  readonly Plugins?: readonly PluginDescription[];
}

/** What the agent says about its host. */
export interface NodeDescription {
  readonly Hostname?: string;
  readonly Platform: Platform;
  readonly Resources: Resources;
  readonly Engine: EngineDescription;
  readonly TLSInfo: TLSInfo;
}

/** Whether the node is heard of, and from which address. */
export interface NodeStatus {
  readonly State?: "unknown" | "down" | "ready" | "disconnected";
  readonly Message?: string;
  readonly Addr?: string;
}

/** Managers only. `Leader` is present only when true. */
export interface ManagerStatus {
  readonly Leader?: boolean;
  readonly Reachability?: "unknown" | "unreachable" | "reachable";
  readonly Addr?: string;
}

/** GET /nodes/{id} */
export interface Node extends ObjectMeta {
  readonly Spec: NodeSpec;
  readonly Description: NodeDescription;
  readonly Status: NodeStatus;
  readonly ManagerStatus?: ManagerStatus;
}
