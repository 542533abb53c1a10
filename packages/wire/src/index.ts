export type {
  Annotations,
  Driver,
  NodeAvailability,
  NodeRole,
  ObjectMeta,
  Platform,
  StringMap,
  Version,
} from "./types/common.ts";
export type {
  AppArmorOpts,
  ConfigReference,
  ContainerSpec,
  CredentialSpec,
  DNSConfig,
  FileTarget,
  HealthConfig,
  Isolation,
  Privileges,
  SELinuxContext,
  SeccompOpts,
  SecretReference,
  Ulimit,
} from "./types/container-spec.ts";
export type {
  Check,
  CheckGroup,
  CheckStatus,
  DoctorReport,
  HopStatus,
  NetworkAudits,
  NetworkTrace,
  TraceHop,
} from "./types/doctor.ts";
export type {
  Endpoint,
  EndpointSpec,
  EndpointVirtualIP,
  PortConfig,
  ResolutionMode,
} from "./types/endpoint.ts";
export type { ErrorResponse, EventMessage, RegistryAuth } from "./types/engine.ts";
export type {
  BindOptions,
  ImageOptions,
  Mount,
  MountPropagation,
  MountType,
  TmpfsOptions,
  VolumeOptions,
} from "./types/mount.ts";
export type {
  IPAM,
  IPAMConfig,
  IPAMOptions,
  Network,
  NetworkAttachment,
  NetworkContainer,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkPeer,
  NetworkService,
  NetworkSpec,
  SwarmIPAMConfig,
  SwarmNetwork,
} from "./types/network.ts";
export type {
  EngineDescription,
  ManagerStatus,
  Node,
  NodeDescription,
  NodeSpec,
  NodeStatus,
  PluginDescription,
} from "./types/node.ts";
export type {
  DiscreteGenericResource,
  GenericResource,
  Limit,
  NamedGenericResource,
  ResourceRequirements,
  Resources,
} from "./types/resources.ts";
export type { Config, ConfigSpec, IdResponse, Secret, SecretSpec } from "./types/secret.ts";
export type {
  GlobalJob,
  GlobalService,
  JobStatus,
  ReplicatedJob,
  ReplicatedService,
  Service,
  ServiceCreateResponse,
  ServiceMode,
  ServiceSpec,
  ServiceStatus,
  ServiceUpdateResponse,
  UpdateConfig,
  UpdateStatus,
} from "./types/service.ts";
export type {
  CAConfig,
  ClusterInfo,
  DispatcherConfig,
  EncryptionConfig,
  ExternalCA,
  JoinTokens,
  LocalNodeState,
  OrchestrationConfig,
  RaftConfig,
  Swarm,
  SwarmInfo,
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockRequest,
  TLSInfo,
  TaskDefaults,
} from "./types/swarm.ts";
export type {
  NetworkAttachmentConfig,
  NetworkAttachmentSpec,
  Placement,
  PlacementPreference,
  PluginPrivilege,
  PluginSpec,
  RestartPolicy,
  SpreadOver,
  TaskSpec,
} from "./types/task-spec.ts";
export type { ContainerStatus, PortStatus, Task, TaskStateName, TaskStatus } from "./types/task.ts";
export {
  ENDPOINT_ALIASES_OPTION,
  ENDPOINT_FIXED_OPTION,
  ENDPOINT_OPTION_PREFIX,
  ENGINE_NETWORK_LABEL,
} from "./labels.ts";
export {
  checkTemplating,
  compareApiVersions,
  gateServiceSpec,
  gateSwarmInitRequest,
} from "./api-version.ts";
export {
  decodeConfigSpec,
  decodeNetworkCreateRequest,
  decodeNodeSpec,
  decodeSecretSpec,
  decodeServiceSpec,
  decodeBackupRequest,
  decodeRestoreRequest,
  decodeSwarmInitRequest,
  decodeSwarmJoinRequest,
  decodeSwarmSpec,
  decodeSwarmUnlockRequest,
} from "./decode.ts";
export { decodeBase64, encodeBase64 } from "./encoding/base64.ts";
export { checkFilterKeys, encodeFilters, parseFilters } from "./encoding/filters.ts";
export type { Filters } from "./encoding/filters.ts";
export { encodeLogFrame, logFrameReader } from "./encoding/log-stream.ts";
export type { LogFrame, StreamName } from "./encoding/log-stream.ts";
export { decodeRegistryAuth, encodeRegistryAuth } from "./encoding/registry-auth.ts";
export { formatTime } from "./encoding/time.ts";
export type { BackupRequest, RestoreRequest } from "./types/backup.ts";
