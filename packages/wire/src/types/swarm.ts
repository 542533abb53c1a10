import type { Annotations, Driver, NodeAvailability, ObjectMeta, StringMap } from "./common.ts";

/** How many ended tasks a slot keeps. */
export interface OrchestrationConfig {
  readonly TaskHistoryRetentionLimit?: number;
}

/** Raft settings of the reference. Shown and stored. Ticks count seconds. */
export interface RaftConfig {
  readonly SnapshotInterval?: number;
  readonly KeepOldSnapshots?: number;
  readonly LogEntriesForSlowFollowers?: number;
  readonly ElectionTick: number;
  readonly HeartbeatTick: number;
}

/** The agents' heartbeat, in nanoseconds. */
export interface DispatcherConfig {
  readonly HeartbeatPeriod?: number;
}

/** A signing service outside the cluster. */
export interface ExternalCA {
  readonly Protocol: string;
  readonly URL: string;
  readonly Options?: StringMap;
  readonly CACert: string;
}

/** The certificate authority: expiry in nanoseconds, certificates and keys in PEM. */
export interface CAConfig {
  readonly NodeCertExpiry?: number;
  readonly ExternalCAs?: readonly ExternalCA[];
  readonly SigningCACert?: string;
  /** Only in requests. Never shown. */
  readonly SigningCAKey?: string;
  /** Raising it rotates the root. */
  readonly ForceRotate?: number;
}

/** What tasks get that say nothing themselves. */
export interface TaskDefaults {
  readonly LogDriver?: Driver;
}

/** Whether managers need the unlock key to start. */
export interface EncryptionConfig {
  readonly AutoLockManagers: boolean;
}

/** The cluster's settings: `Spec` of GET /swarm, body of POST /swarm/update. */
export interface SwarmSpec extends Annotations {
  readonly Orchestration: OrchestrationConfig;
  readonly Raft: RaftConfig;
  readonly Dispatcher: DispatcherConfig;
  readonly CAConfig: CAConfig;
  readonly TaskDefaults: TaskDefaults;
  readonly EncryptionConfig: EncryptionConfig;
}

/** The root certificate (PEM) and its issuer (base64 of DER), by which nodes know their cluster. */
export interface TLSInfo {
  readonly TrustRoot?: string;
  readonly CertIssuerSubject?: string;
  readonly CertIssuerPublicKey?: string;
}

/** The cluster without its tokens, as /info shows it. */
export interface ClusterInfo extends ObjectMeta {
  readonly Spec: SwarmSpec;
  readonly TLSInfo: TLSInfo;
  readonly RootRotationInProgress: boolean;
  readonly DefaultAddrPool: readonly string[];
  readonly SubnetSize: number;
  readonly DataPathPort: number;
}

/** Complete join tokens, `SWMTKN-1-...`. */
export interface JoinTokens {
  readonly Worker: string;
  readonly Manager: string;
}

/** GET /swarm */
export interface Swarm extends ClusterInfo {
  readonly JoinTokens: JoinTokens;
}

/** POST /swarm/init */
export interface SwarmInitRequest {
  readonly ListenAddr: string;
  readonly AdvertiseAddr: string;
  readonly DataPathAddr: string;
  readonly DataPathPort: number;
  readonly ForceNewCluster: boolean;
  readonly Spec: SwarmSpec;
  readonly AutoLockManagers: boolean;
  readonly Availability: NodeAvailability | "";
  readonly DefaultAddrPool: readonly string[];
  readonly SubnetSize: number;
}

/** POST /swarm/join */
export interface SwarmJoinRequest {
  readonly ListenAddr: string;
  readonly AdvertiseAddr: string;
  readonly DataPathAddr: string;
  readonly RemoteAddrs: readonly string[];
  readonly JoinToken: string;
  readonly Availability: NodeAvailability | "";
}

/** POST /swarm/unlock and the answer of GET /swarm/unlockkey. */
export interface SwarmUnlockRequest {
  readonly UnlockKey: string;
}

/** How this engine stands to the cluster. */
export type LocalNodeState = "inactive" | "pending" | "active" | "error" | "locked";

/** The `Swarm` section of GET /info. */
export interface SwarmInfo {
  readonly NodeID: string;
  readonly NodeAddr: string;
  readonly LocalNodeState: LocalNodeState;
  readonly ControlAvailable: boolean;
  readonly Error: string;
  readonly RemoteManagers: readonly { readonly NodeID: string; readonly Addr: string }[] | null;
  readonly Nodes?: number;
  readonly Managers?: number;
  readonly Cluster?: ClusterInfo;
  readonly Warnings?: readonly string[];
}
